import {
  byName,
  executeRun,
  explorers,
  judge,
  type Lane,
  type Plan,
  type RunRecord,
  type Strategy,
} from '../harness/index.ts'

/** The strategy's first scenario with two actors. */
export function startOf(strategy: Strategy, actors = 2): Plan {
  const start = strategy.workload.scenarios[0].start(actors) as Pick<Plan, 'initial' | 'actors'>
  return { ...start, schedule: [], attempts: 3 }
}

/** Runs and judges every schedule once, as an exploration does. */
export async function everySchedule(lane: Lane, strategy: Strategy, plan: Plan): Promise<number> {
  let schedules = 0
  for await (const _ of oneByOne(lane, strategy, plan)) schedules += 1
  return schedules
}

/** The same, one at a time. */
export async function* oneByOne(
  lane: Lane,
  strategy: Strategy,
  plan: Plan,
): AsyncGenerator<RunRecord, void> {
  const explorer = byName('explorer', explorers, 'exhaustive')
  if (explorer.kind !== 'systematic') throw new Error('exhaustive is no search')
  const search = explorer.search()
  for (let choose = search.next(); choose; choose = search.next()) {
    const record = await executeRun({ lane, strategy, plan, choose })
    judge(strategy, record)
    yield record
  }
}
