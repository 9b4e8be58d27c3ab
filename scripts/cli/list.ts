import { Command } from 'commander'
import {
  engines,
  explorers,
  faultTypes,
  isolationLevels,
  pageWidth,
  judgeable,
  workloads,
  wrap,
} from '../../harness/index.ts'
import { strategies } from '../../strategies/index.ts'
import { print, printJson } from './output.ts'

interface Entry {
  readonly name: string
  readonly summary: string
}

export function listCommand(finish: (exitCode: number) => void): Command {
  return new Command('list')
    .description('List what there is to choose from.')
    .option('--json', 'print one JSON document')
    .action(async (flags: { readonly json?: true }) => {
      await (flags.json ? printJson(catalogue()) : print(describe()))
      finish(0)
    })
}

const pick = ({ name, summary }: Entry): Entry => ({ name, summary })

function catalogue() {
  return {
    workloads: workloads.map((workload) => ({
      ...pick(workload),
      strategies: strategies
        .filter((each) => each.workload.name === workload.name)
        .map((each) => ({ ...pick(each), claims: each.claims })),
      invariants: judgeable(workload).map(pick),
      scenarios: workload.scenarios.map(pick),
    })),
    databases: engines.map(({ name, title, defaultIsolation }) => ({
      name,
      title,
      defaultIsolation,
      isolationLevels,
    })),
    explorers: explorers.map(pick),
    faults: Object.values(faultTypes).map(pick),
  }
}

function describe(): string {
  const { workloads: all, databases, explorers: known, faults } = catalogue()
  const sections = all.flatMap((workload) => [
    `workload ${workload.name}: ${workload.summary}`,
    table('strategies', workload.strategies),
    table('invariants', workload.invariants),
    table('scenarios', workload.scenarios),
  ])
  const titles = databases.map(({ name, title, defaultIsolation }) => ({
    name,
    summary: `${title}; ${defaultIsolation} unless --isolation says otherwise.`,
  }))
  const others = [
    table('databases', titles),
    table('explorers', known),
    table('faults, with --faults', faults),
  ]
  return [...sections, ...others].join('\n\n')
}

function table(title: string, entries: readonly Entry[]): string {
  const widest = Math.max(...entries.map(({ name }) => name.length))
  const margin = ' '.repeat(4 + widest + 2)
  const lines = entries.flatMap(({ name, summary }) =>
    wrap(summary, pageWidth - margin.length).map((line, index) =>
      index === 0 ? `    ${name.padEnd(widest)}  ${line}` : margin + line,
    ),
  )
  return [`  ${title}`, ...lines].join('\n')
}
