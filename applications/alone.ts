import {
  executeRun,
  fc,
  prepareLane,
  serialEquivalence,
  type AnyCommand,
  type Lane,
  type Rows,
  type Strategy,
} from '../harness/index.ts'

const runs = 30
const mostCommands = 5

/**
 * Whether an application does what the model says when nothing else happens at the same time, in each of
 * some runs: what it gets wrong is concurrency then, and not the domain.
 */
export async function isRightAlone(
  lane: Lane,
  strategy: Strategy,
  seed: number,
): Promise<readonly boolean[]> {
  await prepareLane(lane, strategy)
  const drawn = fc.sample(fc.tuple(states(strategy), commandLists(strategy)), {
    seed,
    numRuns: runs,
  })
  const outcomes: boolean[] = []
  for (const [initial, commands] of drawn) {
    const plan = { initial, actors: [commands], schedule: [], attempts: 3 }
    const { observation } = await executeRun({ lane, strategy, plan })
    outcomes.push(serialEquivalence(strategy.workload, observation).outcome === 'serial')
  }
  return outcomes
}

/** Who does not claim the cap does not look at it, so it is given none. */
const states = ({ workload, claims }: Strategy): fc.Arbitrary<Rows> =>
  (workload.arbitrary.state as fc.Arbitrary<Rows>).map((state) =>
    state['coupon'] && !claims.includes('redemptions-within-cap')
      ? { ...state, coupon: state['coupon'].map((row) => ({ ...row, cap: null })) }
      : state,
  )

const commandLists = ({ workload }: Strategy): fc.Arbitrary<readonly AnyCommand[]> =>
  fc.array(workload.arbitrary.command as fc.Arbitrary<AnyCommand>, {
    minLength: 1,
    maxLength: mostCommands,
  })
