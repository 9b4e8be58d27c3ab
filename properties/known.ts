import {
  checkRecording,
  executeRun,
  judge,
  prepareLane,
  renderReplay,
  replay,
  ReplayDivergence,
  unknownName,
  UsageError,
  type KnownCounterexample,
  type Lane,
  type Recording,
  type RunRecord,
  type Strategy,
  type Violation,
} from '../harness/index.ts'
import { Inconclusive } from '../harness/testing/inconclusive.ts'
import { NotAsExpected } from '../harness/testing/not-as-expected.ts'
import { catalogue, strategyIds, type StrategyId } from '../strategies/index.ts'
import type { Note } from './cell-test.ts'
import type { Cell } from './cells.ts'
import { expectations } from './expectations.ts'
import { breakable } from './expectations/expectation.ts'
import { underFaults } from './expectations/faults.ts'
import { fileOf } from './surprise.ts'

/** A counterexample that was read from a file. */
export interface Known {
  readonly file: string
  readonly strategy: StrategyId
  readonly known: KnownCounterexample
  readonly recording: Recording
}

/** Most repetitions of one whose statements overlap: the server decides what becomes of each. */
const mostOverlaps = 100

/**
 * The strategy it is of.
 *
 * @throws {UsageError} when there is none of that name, or it has other tables or commands now.
 */
export function idOf({ workload, strategy }: KnownCounterexample, file: string): StrategyId {
  const name = `${workload}/${strategy}`
  const id = strategyIds.find((each) => each === name)
  if (id !== undefined) return id
  throw new UsageError(
    `${file} is of another strategy. ${unknownName('strategy', name, strategyIds)}`,
  )
}

/** Whether what it broke is claimed, and expected to hold there by now. */
export function isMended(
  { strategy, known, recording }: Known,
  { platform, isolation }: Cell,
): boolean {
  const { invariant } = known
  const isBreakable =
    breakable(expectations[strategy][platform][isolation]).has(invariant) ||
    (recording.plan.faults && underFaults[strategy]?.includes(invariant))
  const { claims }: Strategy = catalogue[strategy]
  return claims.includes(invariant) && !isBreakable
}

/** Passes when the recorded run can be followed step for step, and breaks what it broke. */
export async function repeatBroken(lane: Lane, known: Known, note: Note): Promise<void> {
  const { file, recording } = known
  const strategy: Strategy = catalogue[known.strategy]
  const { grain, invariant } = recording
  await prepare(lane, known)
  const most = grain === 'overlap' ? mostOverlaps : 1
  for (let schedules = 1; schedules <= most; schedules++) {
    const { violations } = await follow(
      () => replay({ lane, strategy, recording, grain }),
      known,
      lane,
    )
    note({ schedules })
    if (violations.some((each) => each.invariant === invariant))
      return note({ broken: [invariant] })
  }
  throw new NotAsExpected(
    `${file}: ${known.strategy} does not break ${invariant} any more, and properties/expectations says that it can. Should it be mended, change what is expected of it: then this file sees to it that it stays so. Otherwise record another one with "pnpm corpus" in its place.`,
    fileOf(strategy),
  )
}

/** Passes when the same plan, followed as far as it can be, does not break it any more. */
export async function repeatMended(lane: Lane, known: Known, note: Note): Promise<void> {
  const { file, recording } = known
  const strategy: Strategy = catalogue[known.strategy]
  const { grain, invariant, plan } = recording
  await prepare(lane, known)
  const record = await executeRun({ lane, strategy, plan, grain })
  note({ schedules: 1 })
  const violations = judge(strategy, record)
  if (!violations.some((each) => each.invariant === invariant)) return
  const text = `${show(lane, known, record, violations)}\n\nTo replay it:\nnpx -y pnpm@12 lockstep replay ${file}`
  note({ finding: { invariant, text, file } })
  throw new NotAsExpected(
    `${invariant} is expected to hold, and a known counterexample breaks it again.\n${text}\n`,
    fileOf(strategy),
  )
}

async function prepare(lane: Lane, { strategy: id, recording, file }: Known): Promise<void> {
  const strategy: Strategy = catalogue[id]
  try {
    checkRecording(recording, strategy)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    throw new Inconclusive(`${file} cannot be repeated. ${error.message}`)
  }
  await prepareLane(lane, strategy, recording.grain)
}

async function follow<T>(run: () => Promise<T>, { file, known }: Known, lane: Lane): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof ReplayDivergence)) throw error
    throw new Inconclusive(
      `${file} cannot be followed any more. ${error.message} It was recorded on version ${known.serverVersion} of the server, and this is ${lane.version}. If its strategy has changed, remove it and record it again with "pnpm corpus".`,
    )
  }
}

function show(
  lane: Lane,
  { recording, strategy }: Known,
  record: RunRecord,
  violations: readonly Violation[],
): string {
  const { version, provider } = lane
  const database = { engine: lane.engine.name, version, provider }
  const { workload }: Strategy = catalogue[strategy]
  const { trace: _, engine: __, ...others } = recording
  return renderReplay(workload, { ...others, database, verdict: 'violated', record, violations })
}
