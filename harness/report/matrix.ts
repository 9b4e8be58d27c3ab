import type { EngineName } from '../databases/engine-name.ts'
import { describeIsolation } from '../databases/isolation.ts'
import type { Exploration } from '../verdict.ts'
import { count } from '../words.ts'
import { toJson } from './json.ts'
import { indent } from './layout.ts'
import { engineTitles } from './text.ts'

/** An engine that was asked for, and why nothing was run on it. */
export interface NotRun {
  readonly engine: EngineName
  /** What is missing, and what would make it available. */
  readonly reason: string
  /** Whether the caller cannot do without it. */
  readonly required: boolean
}

/** A strategy on several engines, at several isolation levels. */
export interface Matrix {
  readonly workload: string
  readonly strategy: string
  readonly explorations: readonly Exploration[]
  readonly notRun: readonly NotRun[]
}

/**
 * What all of it came to: the worst of what was run. Engines that were not run count only if they
 * are required; but if nothing was run at all, nothing is known.
 */
export const matrixVerdict = ({ explorations, notRun }: Matrix): Exploration['verdict'] =>
  worstVerdict(explorations, notRun)

/** The worst of what was run, whatever it was: see {@link matrixVerdict}. */
export function worstVerdict(
  run: readonly { readonly verdict: Exploration['verdict'] }[],
  notRun: readonly NotRun[],
): Exploration['verdict'] {
  const verdicts = new Set(run.map(({ verdict }) => verdict))
  if (verdicts.has('violated')) return 'violated'
  const isIncomplete = verdicts.size === 0 || notRun.some(({ required }) => required)
  return isIncomplete || verdicts.has('inconclusive') ? 'inconclusive' : 'holds'
}

/** The last lines of the report on several explorations: one for each, and for what was not run. */
export function renderMatrix(matrix: Matrix): string {
  const { workload, strategy, explorations, notRun } = matrix
  const rows = explorations.map((exploration) => {
    const { engine, version } = exploration.database
    return [
      `${engineTitles[engine]} ${version}`,
      describeIsolation(exploration),
      exploration.verdict.toUpperCase(),
      outcome(exploration),
    ]
  })
  const omissions = notRun.map(
    ({ engine, reason, required }) =>
      `${engineTitles[engine]} was not run${required ? ', and is required' : ''}. ${reason}`,
  )
  return [
    `${matrixVerdict(matrix).toUpperCase()}  ${workload}/${strategy}: ${total(matrix)}`,
    ...inColumns(rows),
    ...omissions.map((omission) => indent(omission, 2)),
  ].join('\n')
}

function total({ explorations, notRun }: Matrix): string {
  const run = count(explorations.length, 'exploration')
  return notRun.length === 0 ? run : `${run}; ${count(notRun.length, 'engine')} not run`
}

/** The same for programs. */
export function matrixToJson(matrix: Matrix): object {
  const { workload, strategy, explorations, notRun } = matrix
  return {
    verdict: matrixVerdict(matrix),
    workload,
    strategy,
    explorations: explorations.map(toJson),
    notRun,
  }
}

function outcome(exploration: Exploration): string {
  const schedules = count(exploration.schedules, 'schedule')
  if (exploration.verdict !== 'violated') return schedules
  const { invariant, anomaly } = exploration.counterexample
  const label = anomaly.name === 'none' || anomaly.name === 'unknown' ? '' : `, ${anomaly.name}`
  return `${invariant}, after ${schedules}${label}`
}

export function inColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  return rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd(),
  )
}
