import type { EngineName } from '../databases/engine-name.ts'
import type { Rows } from '../databases/engine.ts'
import { describeIsolation } from '../databases/isolation.ts'
import { showRow } from '../databases/statement.ts'
import type { CoverageSummary } from '../coverage.ts'
import type { Grain } from '../grain.ts'
import type { Anomaly } from '../oracles/anomaly.ts'
import { serial } from '../oracles/judgement.ts'
import { describeLiveness } from '../oracles/liveness.ts'
import type { SerialEquivalence } from '../oracles/serial-equivalence.ts'
import type {
  Counterexample,
  Exploration,
  Explored,
  GrainCount,
  ReplyCounts,
  SelfCheckCount,
} from '../verdict.ts'
import type { AnyWorkload } from '../workload.ts'
import { indent, pageWidth, wrap } from './layout.ts'
import { count } from '../words.ts'
import { renderTimeline } from './timeline.ts'

export const engineTitles = {
  postgres: 'PostgreSQL',
  mysql: 'MySQL',
  mariadb: 'MariaDB',
} as const satisfies Record<EngineName, string>

/** How the reader can run a token again: the command line that precedes it. */
export interface TextOptions {
  readonly replayCommand: string
}

/** An exploration for people: plain text, at most 100 columns wide, no colour. */
export function renderText(
  workload: AnyWorkload,
  exploration: Exploration,
  options: TextOptions,
): string {
  switch (exploration.verdict) {
    case 'violated':
      return [
        renderCounterexample(workload, exploration, exploration.counterexample, options),
        summary(exploration),
      ].join('\n\n')
    case 'holds':
      return [heading(exploration, 'holds'), summary(exploration)].join('\n')
    case 'inconclusive':
      return [
        heading(exploration, 'inconclusive'),
        indent(exploration.reason, 2),
        summary(exploration),
      ].join('\n')
  }
}

type Where = Pick<
  Explored,
  'workload' | 'strategy' | 'database' | 'isolation' | 'snapshotIsolation'
>

/** The first line of every report: what, where and how. */
export const heading = (where: Where, verdict: string): string =>
  indent(`${verdict.toUpperCase()}  ${place(where)}`, 0)

function place({ workload, strategy, database, ...setting }: Where): string {
  const { engine, version, provider } = database
  const server = `${engineTitles[engine]} ${version} (${provider})`
  return `${workload}/${strategy} on ${server}, ${describeIsolation(setting)}`
}

/** What a counterexample shows, from the invariant down to the line that replays it. */
export function renderCounterexample(
  workload: AnyWorkload,
  where: Where,
  counterexample: Counterexample,
  { replayCommand }: TextOptions,
): string {
  const { invariant, message, grain, plan, run, replays, actors, steps } = counterexample
  const switches = count(counterexample.contextSwitches, 'context switch', 'context switches')
  return [
    heading(where, `violated`),
    indent(`${invariant}: ${message}`, 2),
    indent(describeAnomaly(counterexample.anomaly), 2),
    ...(invariant === serial.name ? [] : serialLines(counterexample.serialEquivalence)),
    '',
    indent(
      `${grain === 'statement' ? '' : `${grainTitles[grain]}: `}${count(actors, 'actor')}, ${count(steps, 'step')}, ${switches}; happened again in ${replays.reproduced} of ${replays.of} replays`,
      0,
    ),
    '',
    renderState('Before', plan.initial),
    '',
    renderTimeline(workload, plan, run.history),
    '',
    renderState('After', run.observation.final),
    '',
    'To replay it:',
    `${replayCommand} ${counterexample.token}`,
  ].join('\n')
}

function describeAnomaly(anomaly: Anomaly): string {
  if (anomaly.name === 'none') return anomaly.explanation
  if (anomaly.name === 'unknown') return `anomaly: it cannot be told which. ${anomaly.why}`
  const { name, adya, level, explanation, others } = anomaly
  const besides = others.length === 0 ? '' : ` Besides: ${others.join(', ')}.`
  return `${name} (${adya}), between ${level}s: ${explanation}${besides}`
}

function serialLines(equivalence: SerialEquivalence): string[] {
  switch (equivalence.outcome) {
    case 'not serial':
      return [indent(`${serial.name}: ${equivalence.message}`, 2)]
    case 'serial':
      return [indent(`${serial.name}: held; the same happens in a serial order.`, 2)]
    case 'undecided':
      return [indent(`${serial.name}: not decided. ${equivalence.reason}`, 2)]
  }
}

/** The rows of every table. */
export function renderState(title: string, state: Rows): string {
  const margin = Math.max(...Object.keys(state).map((table) => table.length)) + 4
  const lines = Object.entries(state).flatMap(([table, rows]) => {
    const shown = rows.length === 0 ? ['(no rows)'] : rows.map(showRow)
    const wrapped = shown.flatMap((row) => wrap(row, pageWidth - margin))
    return wrapped.map((line, index) => (index === 0 ? `  ${table}` : '').padEnd(margin) + line)
  })
  return [`${title}:`, ...lines].join('\n')
}

function summary(exploration: Exploration): string {
  // What was judged in no schedule has not held either.
  if (exploration.schedules === 0) return indent(schedules(exploration), 2)
  return [
    indent(schedules(exploration), 2),
    ...exploration.grains.map((grain) => indent(describeGrain(grain), 2)),
    indent(`replies: ${describeReplies(exploration.replies)}`, 2),
    ...faultLines(exploration).map((line) => indent(line, 2)),
    ...livenessLines(exploration).map((line) => indent(line, 2)),
    ...selfCheckLines(exploration.selfCheck),
    ...exploration.invariants.map(({ name, claimed, judged, violations, undecided = 0 }) => {
      // Shrinking may have led to one that comes before what the search had found.
      const shown = exploration.verdict === 'violated' && exploration.counterexample.invariant
      const held = name === shown ? 'held in the search, broken in the counterexample' : 'held'
      const outcome = violations === 0 ? held : `broken in ${count(violations, 'schedule')}`
      const standing = claimed ? '' : ', not claimed by the strategy'
      const open = undecided === 0 ? '' : `, undecided in ${undecided}`
      return indent(`${name}: ${outcome}${open}${standing}${judged ? '' : ', measured only'}`, 2)
    }),
  ].join('\n')
}

function schedules(exploration: Exploration): string {
  const { explorer, scenario, exhausted, elapsedMs, schedulesPerSecond } = exploration
  const number = count(exploration.schedules, 'schedule')
  const seed = explorer.seed === undefined ? '' : `, seed ${explorer.seed}`
  const bound =
    explorer.preemptions === undefined
      ? ''
      : `, at most ${count(explorer.preemptions, 'preemption')}`
  const of = scenario === undefined ? '' : ` of scenario ${scenario}`
  const isReduced = exploration.grains.some(({ redundant }) => redundant !== undefined)
  const all = isReduced ? `${number} that stand for all` : `all ${number}`
  const extent = `${exhausted ? all : number}${of}`
  return `${extent} (${explorer.name}${seed}${bound}), ${(elapsedMs / 1000).toFixed(1)} s, ${schedulesPerSecond}/s${exhausted ? '' : '; the space is not exhausted'}`
}

function faultLines({ faults, faultsNotRun = [] }: Explored): string[] {
  const notRun = faultsNotRun.map(({ kind, reason }) => `${kind}: not run (${reason})`)
  if (!faults) return notRun
  const struck = Object.entries(faults).map(([kind, times]) => `${times} ${kind}`)
  return [`faults that struck: ${struck.join(', ')}`, ...notRun]
}

function livenessLines({ liveness }: Explored): string[] {
  const line = describeLiveness(liveness)
  return line === undefined ? [] : [`liveness: ${line}`]
}

function selfCheckLines({ runs, differences, chosenByDatabase, first }: SelfCheckCount): string[] {
  if (runs === 0) return []
  const parts = [
    `${count(runs, 'run')} repeated`,
    differences === 0 ? 'no difference' : count(differences, 'difference'),
    ...(chosenByDatabase === 0
      ? []
      : [`in ${chosenByDatabase} the database chose among several that waited`]),
  ]
  const line = indent(`self-check: ${parts.join(', ')}`, 2)
  return first === undefined ? [line] : [line, indent(first, 4)]
}

export const grainTitles = {
  statement: 'between statements',
  phase: 'inside writing statements',
  overlap: 'overlapping statements',
} as const satisfies Record<Grain, string>

function describeGrain(counted: GrainCount): string {
  const { grain, schedules: number, exhausted, redundant, coverage, notRun } = counted
  const title = grainTitles[grain]
  if (notRun !== undefined) return `${title}: not run (${notRun.replace(/\.$/, '')})`
  const classes = coverage === undefined ? '' : ` of ${describeCoverage(coverage)}`
  const all = exhausted && redundant === undefined ? 'all ' : ''
  const needless = redundant ? `, ${redundant} of them redundant` : ''
  return `${title}: ${all}${count(number, 'schedule')}${needless}${classes}${describeChoices(counted)}`
}

/** All schedules are not all that can happen where the database has a say of its own. */
export function describeChoices({
  exhausted,
  chosenByDatabase,
}: {
  readonly exhausted: boolean
  readonly chosenByDatabase?: number | undefined
}): string {
  if (!exhausted || chosenByDatabase === undefined) return ''
  return `; in ${chosenByDatabase} the database chose who came first`
}

/** Schedules of one class differ only in the order of steps that commute. */
function describeCoverage({ classes, unseen, unseenAtMost }: CoverageSummary): string {
  const seen = count(classes, 'class', 'classes')
  if (unseen === undefined || unseenAtMost === undefined || unseenAtMost === 0) return seen
  return `${seen}, the next of a new one with probability ${unseen.toFixed(2)} (at most ${unseenAtMost.toFixed(2)})`
}

export function describeReplies({ ok, rejected, aborted, unknown }: ReplyCounts): string {
  const parts = [count(ok, 'ok', 'ok'), count(rejected, 'rejected', 'rejected')]
  for (const [errorClass, number] of Object.entries(aborted)) {
    parts.push(`${count(number, 'aborted', 'aborted')} (${errorClass})`)
  }
  if (unknown > 0) parts.push(count(unknown, 'unknown', 'unknown'))
  return parts.join(', ')
}
