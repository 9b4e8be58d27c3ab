import { contextSwitches, minimise, scheduleOf, type Failure } from '../counterexample/minimise.ts'
import { encodeToken } from '../counterexample/token.ts'
import { traceOf, type Trace } from '../counterexample/trace.ts'
import { isolationOf } from '../databases/isolation.ts'
import { Fault, StrategyFault } from '../errors.ts'
import { isTangled } from '../footprints/schema.ts'
import { settingOf } from '../footprints/setting.ts'
import { anomalyOf } from '../oracles/anomaly.ts'
import { serial, serialEquivalenceOf } from '../oracles/judgement.ts'
import { confirmBySerialRuns } from '../oracles/serial-runs.ts'
import { judge, type RunRecord } from '../run.ts'
import type { Plan } from '../plan.ts'
import type { Counterexample } from '../verdict.ts'
import type { Finding, Hunt } from './hunt.ts'
import { repeatAt, type Place } from './runner.ts'

/** How often a counterexample is repeated before it is reported. */
const replaysPerCounterexample = 10
/** More where the server decides, as the rate is then all that can be said. */
const replaysOfOverlaps = 100

/**
 * Makes what was found small, and repeats it.
 *
 * @throws {StrategyFault} when it never happens again: what cannot be seen again cannot be told from a
 *   fault of the runs before it.
 */
export async function counterexampleOf(hunt: Hunt, finding: Finding): Promise<Counterexample> {
  const { place } = finding
  const { plan: found, record } = await smallest(hunt, finding)
  const violation = hunt.relevant(judge(place.strategy, record)) ?? finding.violation
  const { invariant, message } = violation
  const plan: Plan = { ...found, schedule: scheduleOf(record) }
  const trace = traceOf(record.choices)
  const { replays, fault } = await repeated(place, { plan, trace }, invariant)
  if (replays.reproduced === 0) {
    const why = fault?.message ?? 'Each went the same way and broke nothing.'
    throw new StrategyFault(
      `${invariant} was broken once (${message.replace(/\.$/, '')}), and in none of ${replays.of} replays again. Perhaps the strategy keeps something between runs. ${why}`,
    )
  }
  if (invariant === serial.name) await confirmByEngine(place, plan, record)
  return {
    invariant,
    message,
    grain: place.grain,
    ...whatHappened(place, record, message),
    actors: plan.actors.length,
    steps: record.steps,
    contextSwitches: contextSwitches(record.history),
    token: tokenOf(place, { plan, trace, invariant }),
    replays,
    plan,
    run: record,
  }
}

function whatHappened(
  { lane, strategy }: Place,
  record: RunRecord,
  violation: string,
): Pick<Counterexample, 'anomaly' | 'serialEquivalence'> {
  const { engine, isolation, schema } = settingOf(lane, strategy)
  const equivalence = serialEquivalenceOf(strategy.workload, record.observation)
  const context = {
    engine,
    isolation,
    isTangled: isTangled(schema),
    serial: equivalence,
    violation,
  }
  return { anomaly: anomalyOf(record, context), serialEquivalence: equivalence }
}

/**
 * The model must not be what is wrong: alone, the strategy has to do on the engine what it says.
 *
 * @throws {StrategyFault} when it does not.
 */
async function confirmByEngine(
  place: Place,
  plan: Plan,
  { observation }: RunRecord,
): Promise<void> {
  const equivalence = serialEquivalenceOf(place.strategy.workload, observation)
  const first = equivalence.outcome === 'not serial' ? equivalence.nearest.order : []
  const options = { ...place, attempts: plan.attempts }
  const confirmation = await confirmBySerialRuns(options, observation, { first })
  if (confirmation.disagreements.length > 0) throw new StrategyFault(confirmation.message)
}

function smallest(hunt: Hunt, finding: Finding): Promise<Failure> {
  const { place } = finding
  return minimise(finding, place.strategy.workload, (plan, choose) =>
    hunt.shrink(place, plan, choose),
  )
}

function tokenOf(
  { lane, strategy, grain }: Place,
  found: { readonly plan: Plan; readonly trace: Trace; readonly invariant: string },
): string {
  return encodeToken({
    workload: strategy.workload.name,
    strategy: strategy.name,
    engine: lane.engine.name,
    ...isolationOf(lane),
    grain,
    ...found,
  })
}

/** Not interrupted: they are few, and without them the counterexample would look like a fluke. */
async function repeated(
  found: Place,
  recording: { readonly plan: Plan; readonly trace: Trace },
  invariant: string,
): Promise<{ readonly replays: Counterexample['replays']; readonly fault: Fault | undefined }> {
  const place: Place = { ...found, signal: undefined }
  const of = place.grain === 'overlap' ? replaysOfOverlaps : replaysPerCounterexample
  let reproduced = 0
  let fault: Fault | undefined
  for (let done = 0; done < of; done++) {
    try {
      const { violations } = await repeatAt(place, recording)
      if (violations.some((each) => each.invariant === invariant)) reproduced += 1
    } catch (error) {
      if (!(error instanceof Fault)) throw error // a replay that fails has not reproduced it
      fault ??= error
    }
  }
  return { replays: { reproduced, of }, fault }
}
