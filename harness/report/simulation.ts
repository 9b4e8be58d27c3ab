import { describeIsolation } from '../databases/isolation.ts'
import type { Simulated, SimulatedInvariant, Simulation } from '../concurrency/simulate.ts'
import { count } from '../words.ts'
import type { AnyWorkload, Range, Rush } from '../workload.ts'
import { wrap } from './layout.ts'
import { inColumns, worstVerdict, type NotRun } from './matrix.ts'
import { engineTitles } from './text.ts'

/** Narrower than other reports: nothing here needs more, and terminals often have no more. */
const width = 80

const number = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const decimal = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 })

const nobodyChose =
  'Nobody chose this schedule: the same command may come out otherwise the next time. `lockstep explore` looks for what can happen.'

/** A simulation for people: plain text, at most 80 columns wide, no colour. */
export function renderSimulation(workload: AnyWorkload, simulation: Simulation): string {
  const { words } = workload.rush as Rush<unknown, unknown>
  const paragraphs = [
    [
      heading(simulation),
      ...(simulation.verdict === 'inconclusive' ? [indent(simulation.reason, 2)] : []),
      ...(simulation.verdict === 'violated'
        ? simulation.violations.map(({ invariant, message }) =>
            indent(`${invariant}: ${message}`, 2),
          )
        : []),
    ],
    [indent(whatWasDone(simulation, words), 0)],
    inColumns(facts(simulation, words)).map((line) => indent(line.trimStart(), 2)),
    accounts(simulation, words),
    [indent(whatPromisesSay(simulation, words), 0)],
    simulation.invariants.map((each) => indent(describeInvariant(each), 2)),
    [indent(nobodyChose, 0)],
  ]
  return paragraphs.map((lines) => lines.join('\n')).join('\n\n')
}

type Words = Rush<unknown, unknown>['words']

function heading(simulation: Simulation): string {
  const { verdict, workload, strategy, database } = simulation
  const server = `${engineTitles[database.engine]} ${database.version} (${database.provider})`
  const place = `${workload}/${strategy} on ${server}, ${describeIsolation(simulation)}`
  return indent(`${verdict.toUpperCase()}  ${place}`, 0)
}

function whatWasDone({ clients, connections, quantity, seed }: Simulated, { unit }: Words): string {
  return `${count(clients, 'client')} on ${count(connections, 'connection')}, all released at once, each for ${wanted(quantity, unit)} (seed ${seed}):`
}

function wanted(quantity: Range | undefined, unit: Words['unit']): string {
  if (!quantity) return `one ${unit[0]}`
  const { min, max } = quantity
  return min === max ? count(min, ...unit) : `${min} to ${max} ${unit[1]}`
}

function facts(simulation: Simulated, { left, done, unit }: Words): string[][] {
  const { supply, handedOut, latencyMs, elapsedMs } = simulation
  const rows = count(handedOut.rows, 'row says', 'rows say')
  return [
    ['time', `${number.format(elapsedMs)} ms from the release to the last reply`],
    [left, `${number.format(supply.before)} before, ${number.format(supply.after)} after`],
    [done, `${count(handedOut.quantity, ...unit)}, as ${rows}`],
    [
      'throughput',
      `${count(Math.round(simulation.repliesPerSecond), 'reply', 'replies')}/s, ${number.format(simulation.commandsPerSecond)} of them ok`,
    ],
    ...(latencyMs
      ? [
          [
            'latency',
            `${(['p50', 'p95', 'p99', 'max'] as const).map((each) => `${each} ${decimal.format(latencyMs[each])}`).join(', ')} ms, from the release on`,
          ],
        ]
      : []),
    [
      'effort',
      `${count(simulation.retries, 'retry', 'retries')}, ${count(simulation.aborts, 'abort')} by the database`,
    ],
  ]
}

/** A table of who was told what, with its sum. */
function accounts({ outcomes, accounted }: Simulated, { unit }: Words): string[] {
  const total = { reply: 'in all: everybody is accounted for', ...accounted }
  const rows = [...outcomes, total].map(({ clients, quantity, reply }) => [
    number.format(clients),
    number.format(quantity),
    reply,
  ])
  const head = ['clients', unit[1]]
  const widths = [0, 1].map((column) =>
    Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)),
  )
  const margin = 2 + (widths[0] ?? 0) + 2 + (widths[1] ?? 0) + 2
  const numbers = (row: readonly string[]): string =>
    `  ${[0, 1].map((column) => (row[column] ?? '').padStart(widths[column] ?? 0)).join('  ')}`
  return [
    numbers(head),
    ...rows.flatMap((row) =>
      wrap(row[2] ?? '', width - margin).map((line, index) =>
        index === 0 ? `${numbers(row)}  ${line}` : ' '.repeat(margin) + line,
      ),
    ),
  ]
}

function whatPromisesSay({ swallowed, quantity }: Simulated, { unit, done }: Words): string {
  const successes = count(swallowed.successes, 'success', 'successes')
  const amount = quantity ? ` with ${count(swallowed.quantity, ...unit)} ${done}` : ''
  return `Counted by promises that resolve, with failures caught and logged, it would have been ${successes}${amount}, and no failure.`
}

function describeInvariant({ name, claimed, outcome, message }: SimulatedInvariant): string {
  const standing = claimed || outcome === 'not judged' ? '' : ', not claimed by the strategy'
  // What was claimed and broken stands at the top.
  const isTold = outcome === 'held' || (claimed && outcome === 'broken')
  return `${name}: ${outcome}${standing}${isTold || message === undefined ? '' : `. ${message}`}`
}

const indent = (text: string, by: number): string =>
  wrap(text, width - by)
    .map((line) => ' '.repeat(by) + line)
    .join('\n')

/** A strategy on several engines, at several isolation levels. */
export interface Simulations {
  readonly workload: string
  readonly strategy: string
  readonly simulations: readonly Simulation[]
  readonly notRun: readonly NotRun[]
}

/** What all of it came to: see `worstVerdict`. */
export const simulationsVerdict = ({ simulations, notRun }: Simulations): Simulation['verdict'] =>
  worstVerdict(simulations, notRun)

/** The last lines of the report on several simulations. */
export function renderSimulations(all: Simulations): string {
  const { workload, strategy, simulations, notRun } = all
  const rows = simulations.map((simulation) => {
    const { engine, version } = simulation.database
    return [
      `${engineTitles[engine]} ${version}`,
      describeIsolation(simulation),
      simulation.verdict.toUpperCase(),
      `${number.format(simulation.elapsedMs)} ms`,
    ]
  })
  const omissions = notRun.map(
    ({ engine, reason }) => `${engineTitles[engine]} was not run. ${reason}`,
  )
  const run = count(simulations.length, 'simulation')
  const left = notRun.length === 0 ? '' : `; ${count(notRun.length, 'engine')} not run`
  return [
    `${simulationsVerdict(all).toUpperCase()}  ${workload}/${strategy}: ${run}${left}`,
    ...inColumns(rows),
    ...omissions.map((omission) => indent(omission, 2)),
  ].join('\n')
}

/** The same for programs. */
export const simulationsToJson = (all: Simulations): object => ({
  verdict: simulationsVerdict(all),
  ...all,
})
