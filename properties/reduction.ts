import {
  byName,
  classOf,
  defaultAttempts,
  executeRun,
  exhaustive,
  firstQueue,
  judge,
  prepareLane,
  reduced,
  settingOf,
  type Grain,
  type Lane,
  type Plan,
  type Rows,
  type RunRecord,
  type Strategy,
  type SystematicExplorer,
} from '../harness/index.ts'

/** What a search of a scenario came to. */
export interface Found {
  readonly schedules: number
  /** Every {@link outcomeOf} a run, by the class of the schedule. */
  readonly classes: ReadonlyMap<string, ReadonlySet<string>>
  /** The classes in which several waited at once, so that the database may have chosen among them. */
  readonly queued: ReadonlySet<string>
}

export const outcomesOf = ({ classes }: Found): string[] =>
  [...classes.values().reduce((all, each) => all.union(each), new Set<string>())].toSorted()

/** What is searched. */
export interface Trial {
  readonly strategy: Strategy
  readonly scenario: string
  readonly actors: number
  readonly grain?: Grain
}

/** Every schedule that an explorer tries, on a lane that is prepared for it. */
async function searchAll(
  lane: Lane,
  { strategy, scenario, actors, grain = 'statement' }: Trial,
  explorer: SystematicExplorer,
): Promise<Found> {
  const { scenarios } = strategy.workload
  const start = byName('scenario', scenarios, scenario).start(actors) as Pick<
    Plan,
    'initial' | 'actors'
  >
  const plan: Plan = { ...start, schedule: [], attempts: defaultAttempts }
  const setting = settingOf(lane, strategy)
  const search = explorer.search({ setting })
  const classes = new Map<string, Set<string>>()
  const queued = new Set<string>()
  let schedules = 0
  for (let choose = search.next(); choose; choose = search.next()) {
    const record = await executeRun({ lane, strategy, plan, choose, grain })
    search.ran?.(record.history)
    const id = classOf(plan, record.history, setting)
    classes.set(id, (classes.get(id) ?? new Set()).add(outcomeOf(strategy, record)))
    if (firstQueue(record.history) < Infinity) queued.add(id)
    schedules += 1
  }
  return { schedules, classes, queued }
}

/** In full, and reduced. */
export async function searchBothWays(
  lane: Lane,
  trial: Trial,
): Promise<{ readonly full: Found; readonly few: Found }> {
  await prepareLane(lane, trial.strategy, trial.grain ?? 'statement')
  return {
    full: await searchAll(lane, trial, exhaustive),
    few: await searchAll(lane, trial, reduced),
  }
}

/**
 * All that an invariant can tell runs apart by, as text: the replies in their order, which commands had
 * ended when others began, every committed state in its order, the final state, and what is broken.
 */
export function outcomeOf(strategy: Strategy, record: RunRecord): string {
  const { initial, commands, committed, final } = record.observation
  const states = [initial, ...committed].map(asText)
  return JSON.stringify({
    replies: commands.map(({ actor, reply }) => ({ actor, reply })),
    before: commands.map(({ beganAt }) =>
      commands.flatMap(({ endedAt }, index) => (endedAt < beganAt ? [index] : [])),
    ),
    // A commit that changes nothing shows the same state once more.
    committed: states.filter((state, index) => state !== states[index - 1]),
    final: asText(final),
    broken: judge(strategy, record).map(({ invariant }) => invariant),
  })
}

/** Columns have none either. */
const showRow = (row: Rows[string][number]): string =>
  JSON.stringify(row, Object.keys(row).toSorted())

/** Tables have no order. */
const asText = (rows: Rows): string =>
  JSON.stringify(Object.entries(rows).map(([table, list]) => [table, list.map(showRow).toSorted()]))
