import { Option, type Command } from 'commander'
import {
  exportSpec,
  UsageError,
  type EngineName,
  type ExportedRun,
  type Strategy,
} from '../../harness/index.ts'
import { print } from './output.ts'

export interface ExportFlags {
  readonly export?: 'spec'
  readonly json?: true
}

/** Adds `--export`, which leaves the result to standard error, and prints the run in another form. */
export const exportOption = (command: Command): Command =>
  command.addOption(
    new Option(
      '--export <form>',
      "print the run as a specification of PostgreSQL's isolation tester, and the report on stderr",
    ).choices(['spec']),
  )

/**
 * Refuses what cannot be exported, before anything is run.
 *
 * @throws {UsageError} with what to do instead.
 */
export function checkExport(flags: ExportFlags, engines: readonly EngineName[]): void {
  if (flags.export === undefined) return
  if (flags.json) {
    throw new UsageError('--export and --json would both print on stdout: leave one of them out.')
  }
  if (engines.length === 1 && engines[0] === 'postgres') return
  throw new UsageError(
    "Only what was found on PostgreSQL can be exported as a specification of PostgreSQL's isolation tester: leave --export out, or say --database postgres.",
  )
}

/** Prints the report where messages go, and the run, if there is one, where results go. */
export async function printExport(report: string, run: ExportedRun | undefined): Promise<void> {
  process.stderr.write(`${report}\n`)
  if (run) await print(exportSpec(run).trimEnd())
}

/** What stands above an exported run. */
export const remarksOf = (
  { name, workload }: Strategy,
  found: { readonly invariant: string; readonly message: string; readonly token: string },
): string[] => [
  `${workload.name}/${name} breaks ${found.invariant}: ${found.message}`,
  `lockstep replay ${found.token}`,
]
