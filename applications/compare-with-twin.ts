import {
  defaultAttempts,
  differenceBetween,
  executeRun,
  fc,
  prepareLane,
  random,
  type AnyWorkload,
  type History,
  type Lane,
  type Plan,
  type RunDifference,
  type RunEvent,
  type RunRecord,
  type Strategy,
} from '../harness/index.ts'
import { twinOf } from './twin.ts'

/** One or two of each of the workload's scenarios, which are there for actors to get into each other's way. */
const schedules = 6
const seed = 1

/** What an UPDATE counts as written, by what the library has said when it connected. */
export type Counting = 'rows found' | 'rows changed'

/** Where an application and its twin first went apart. */
export type TwinDifference = Pick<RunDifference, 'what' | 'step'> & {
  readonly application: string
  readonly twin: string
}

export interface TwinComparison {
  /** With the number of the schedule, from 1. */
  readonly differences: readonly (TwinDifference & { readonly schedule: number })[]
  /** How often a statement of the application's waited for a lock, and was refused, in all. */
  readonly waits: number
  readonly refusals: number
}

/** Runs an application under some schedules, and its twin under the same ones, and compares the two. */
export async function compareWithTwin(
  lane: Lane,
  application: Strategy,
  counting: Counting,
): Promise<TwinComparison> {
  const runs: { readonly plan: Plan; readonly record: RunRecord }[] = []
  await prepareLane(lane, application)
  for (const plan of plansFor(application.workload)) {
    runs.push({ plan, record: await executeRun({ lane, strategy: application, plan }) })
  }
  const differences: TwinComparison['differences'][number][] = []
  await prepareLane(lane, twinOf(application, []))
  for (const [index, { plan, record }] of runs.entries()) {
    const strategy = twinOf(application, record.history)
    const twin = await executeRun({ lane, strategy, plan })
    const found = differenceFromTwin(record, twin, counting)
    if (found) differences.push({ schedule: index + 1, ...found })
  }
  const events = runs.flatMap(({ record }) => record.history)
  return {
    differences,
    waits: events.filter(({ kind }) => kind === 'blocked').length,
    refusals: events.filter(({ kind }) => kind === 'failed').length,
  }
}

/** Two actors: of more, the database may have to choose who goes on. */
function plansFor({ scenarios }: AnyWorkload): readonly Plan[] {
  return fc.sample(random.schedule, { seed, numRuns: schedules }).map((schedule, index) => {
    const scenario = scenarios[index % scenarios.length] ?? scenarios[0]
    return { ...scenario.start(2), schedule, attempts: defaultAttempts }
  })
}

/**
 * Compares the runs event by event (who asks for what, who goes on, who waits for whom, rows, rows written,
 * errors, whether a transaction is open), and then replies, committed states and the final state. Only two
 * things are no matter of the proxy:
 *
 * - that all actors share an application's memory, which Lockstep notes of itself;
 * - what an UPDATE counts, where the library has asked the server for another count than Lockstep has. Then
 *   the twin's is never less, and the application's is taken for it.
 */
export function differenceFromTwin(
  application: RunRecord,
  twin: RunRecord,
  counting: Counting,
): TwinDifference | undefined {
  const history = application.history.filter(({ kind }) => kind !== 'shares')
  const found = differenceBetween(
    { ...application, history },
    counting === 'rows changed' ? { ...twin, history: recounted(twin.history, history) } : twin,
  )
  return (
    found && { what: found.what, step: found.step, application: found.first, twin: found.second }
  )
}

type Completed = Extract<RunEvent, { readonly kind: 'completed' }>

/** The twin's history, where fewer rows have been changed than found with as many as the application's says. */
function recounted(twin: History, application: History): History {
  const updates = new Set(twin.flatMap((event) => (isUpdate(event) ? [event.step] : [])))
  return twin.map((event, place) => {
    const other = application[place]
    if (event.kind !== 'completed' || other?.kind !== 'completed') return event
    return updates.has(event.step) ? withFewer(event, other) : event
  })
}

const withFewer = (event: Completed, { affectedRows }: Completed): Completed =>
  affectedRows < event.affectedRows ? { ...event, affectedRows } : event

type Sent = Extract<RunEvent, { readonly kind: 'sent' }>

const isUpdate = (event: RunEvent): event is Sent =>
  event.kind === 'sent' &&
  event.request.kind === 'statement' &&
  /^\s*update\b/i.test(event.request.statement.parts[0] ?? '')
