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

export interface BothWays {
  readonly full: Found
  readonly few: Found
}

/**
 * In full, and reduced. Of several that wait at once the database may let another go first than it did
 * the last time, and so an outcome of theirs, and only theirs, may be missing: then both search again.
 * What a reduction leaves out, it leaves out each time.
 */
export async function searchBothWays(lane: Lane, trial: Trial): Promise<BothWays> {
  await prepareLane(lane, trial.strategy, trial.grain ?? 'statement')
  const search = async (): Promise<BothWays> => ({
    full: await searchAll(lane, trial, exhaustive),
    few: await searchAll(lane, trial, reduced),
  })
  let found = await search()
  for (let times = 1; times < mostSearches && differByChoice(found); times += 1) {
    const again = await search()
    found = { full: joined(found.full, again.full), few: joined(found.few, again.few) }
  }
  return found
}

const mostSearches = 5

/** Whether each outcome that only one of them met was met where several waited. */
export function differByChoice({ full, few }: BothWays): boolean {
  const different = new Set(outcomesOf(full)).symmetricDifference(new Set(outcomesOf(few)))
  const queued = [full, few].flatMap(({ classes, queued: ids }) =>
    [...ids].flatMap((id) => [...(classes.get(id) ?? [])]),
  )
  return different.size > 0 && different.isSubsetOf(new Set(queued))
}

/** What two searches found together, with the schedules of the first. */
function joined(first: Found, second: Found): Found {
  const classes = new Map(first.classes)
  for (const [id, outcomes] of second.classes) {
    classes.set(id, outcomes.union(classes.get(id) ?? new Set()))
  }
  return { schedules: first.schedules, classes, queued: first.queued.union(second.queued) }
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
