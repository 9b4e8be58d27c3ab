import {
  byName,
  classOf,
  defaultAttempts,
  executeRun,
  exhaustive,
  judge,
  prepareLane,
  reduced,
  settingOf,
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
  /** Every {@link outcomeOf} a run, by the class of the schedule: mostly there is one in each. */
  readonly classes: ReadonlyMap<string, ReadonlySet<string>>
}

export const outcomesOf = ({ classes }: Found): string[] =>
  [...classes.values().reduce((all, each) => all.union(each), new Set<string>())].toSorted()

/** Every schedule that an explorer tries of a scenario. */
export async function searchAll(
  lane: Lane,
  strategy: Strategy,
  scenario: string,
  actors: number,
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
  let schedules = 0
  for (let choose = search.next(); choose; choose = search.next()) {
    const record = await executeRun({ lane, strategy, plan, choose })
    search.ran?.(record.history)
    const id = classOf(plan, record.history, setting)
    classes.set(id, (classes.get(id) ?? new Set()).add(outcomeOf(strategy, record)))
    schedules += 1
  }
  return { schedules, classes }
}

/** Both searches of a scenario, on a lane that is prepared here. */
export async function searchBothWays(
  lane: Lane,
  strategy: Strategy,
  scenario: string,
  actors: number,
): Promise<{ readonly full: Found; readonly few: Found }> {
  await prepareLane(lane, strategy)
  return {
    full: await searchAll(lane, strategy, scenario, actors, exhaustive),
    few: await searchAll(lane, strategy, scenario, actors, reduced),
  }
}

/**
 * All that an invariant can tell runs apart by, as text: the replies in their order, which commands had
 * ended when others began, every committed state in its order, the final state, and what is broken.
 */
export function outcomeOf(strategy: Strategy, record: RunRecord): string {
  const { commands, committed, final } = record.observation
  const states = committed.map(asText)
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

/** Tables have no order. */
const asText = (rows: Rows): string =>
  JSON.stringify(
    Object.entries(rows).map(([table, list]) => [
      table,
      list.map((row) => JSON.stringify(row)).toSorted(),
    ]),
  )
