import type { StoredCounterexample } from '../../comparison/results.ts'
import { showLiteral, showRow, type Row } from '../../databases/statement.ts'
import { printable, count } from '../../words.ts'
import type { AnyCommand, AnyWorkload } from '../../workload.ts'
import { lanesOf } from '../lanes.ts'
import { grainTitles } from '../text.ts'
import { chartOf } from './lane-chart.ts'
import type { CounterexampleView, LaneChart, TableView } from './report-view.ts'
import { readStored } from './stored-history.ts'

/** A counterexample as the page shows it. Without its workload, commands are shown as they are stored. */
export function counterexampleView(
  stored: StoredCounterexample,
  workload: AnyWorkload | undefined,
): CounterexampleView {
  const { invariant, message, anomaly, token, text, plan } = stored
  const chart = chartFor(stored, workload)
  return {
    invariant,
    message,
    anomaly: anomalyTitle(anomaly),
    explanation: textOf(anomaly['explanation']) ?? textOf(anomaly['why']) ?? '',
    size: sizeOf(stored),
    token,
    replay: text.split('\n').findLast((line) => line.includes(token)) ?? `lockstep replay ${token}`,
    before: tablesOf(plan.initial),
    after: tablesOf(stored.final, plan.initial),
    ...(chart && { chart }),
    text,
  }
}

function chartFor(
  { plan, history }: StoredCounterexample,
  workload: AnyWorkload | undefined,
): LaneChart | undefined {
  const events = readStored(history)
  // An actor that the plan does not have has no lane.
  if (!events || events.some(({ actor }) => actor >= plan.actors.length)) return undefined
  const commands = plan.actors.map((each) => each.map((command) => describe(command, workload)))
  return chartOf(plan.actors.length, lanesOf(commands, events))
}

function describe(command: AnyCommand, workload: AnyWorkload | undefined): string {
  const known = workload?.schema.command.safeParse(command)
  if (workload && known?.success) return workload.describe(known.data)
  const { kind, ...rest } = command
  return `${kind}(${showRow(rest)})`
}

function anomalyTitle({ name, adya }: StoredCounterexample['anomaly']): string {
  if (name === 'none') return 'no anomaly'
  if (name === 'unknown') return 'an anomaly that cannot be told'
  const phenomenon = textOf(adya)
  return phenomenon === undefined ? name : `${name}, ${phenomenon}`
}

function sizeOf({ grain, actors, steps, contextSwitches, replays }: StoredCounterexample): string {
  return [
    `${count(actors, 'actor')}, ${count(steps, 'step')}, ${count(contextSwitches, 'context switch', 'context switches')}`,
    grainTitles[grain],
    `happened again in ${replays.reproduced} of ${replays.of} replays`,
  ].join('; ')
}

/** Tables with the rows that the other state does not have marked as new. */
function tablesOf(
  state: StoredCounterexample['final'],
  before?: StoredCounterexample['final'],
): TableView[] {
  return Object.entries(state).map(([name, rows]) => {
    const old = (before?.[name] ?? []).map((row) => JSON.stringify(row))
    const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))]
    const isNew = rows.map((row) => before !== undefined && !takeOut(old, JSON.stringify(row)))
    return { name, columns, rows: rows.map((row) => cellsOf(row, columns)), isNew }
  })
}

const cellsOf = (row: Row, columns: readonly string[]): string[] =>
  columns.map((column) => printable(showLiteral(row[column])))

/** Rows may be there twice: each is found as often as it is there. */
function takeOut(items: string[], item: string): boolean {
  const place = items.indexOf(item)
  if (place >= 0) items.splice(place, 1)
  return place >= 0
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined
