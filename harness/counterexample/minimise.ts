import { isDeepStrictEqual } from 'node:util'
import type { Rows } from '../databases/engine.ts'
import { Fault, HarnessFault } from '../errors.ts'
import { strikesIn } from '../faults/strikes.ts'
import type { PlannedFault } from '../faults/fault.ts'
import { exhaustive } from '../explorers/exhaustive.ts'
import type { ActorId, History } from '../history.ts'
import type { Plan } from '../plan.ts'
import type { RunRecord } from '../run.ts'
import { planned, type Chooser } from '../scheduler/choice.ts'
import type { AnyWorkload } from '../workload.ts'
import { inOrder, stepsOf, withFewerSwitches, type PlacedStep } from './order.ts'

/** Runs a plan and returns the record if it breaks the invariant in question. */
export type Try = (plan: Plan, choose: Chooser) => Promise<RunRecord | undefined>

/** A plan, and its run that breaks the invariant. */
export interface Failure {
  readonly plan: Plan
  readonly record: RunRecord
}

/**
 * Runs spent on one question, which is most of the schedules of two commands with a few switches; and
 * on all questions together, so that somebody who waits does not wait for long.
 */
const mostRuns = 150
const mostRunsInAll = 1_500
/**
 * Few bugs need more switches than away from one actor, and back (Musuvathi and Qadeer, PLDI 2007);
 * one more is for an actor that comes to wait.
 */
const likelySwitches = [2, 3]

/**
 * fast-check shrinks commands and schedule one at a time, and ends where no single change keeps the
 * run failing, although a smaller plan fails with another schedule. So here a smaller plan is not
 * tried with one schedule but with all that have few context switches; and before that, as a failure
 * may need more of them, with the order in which the steps that are left came.
 */
export async function minimise(
  failure: Failure,
  workload: AnyWorkload,
  attempt: Try,
): Promise<Failure> {
  let runs = 0
  const limited: Try = async (plan, choose) => {
    runs += 1
    if (runs > mostRunsInAll) throw new HarnessFault('Enough has been tried.')
    return attempt(plan, choose)
  }
  const placed = await placedFaults(failure, limited)
  const ordered = await fewestCommandsInOrder(placed, workload, limited)
  const commands = await fewestCommands(ordered, workload, limited)
  const faults = await fewestFaults(commands, attempt)
  const rows = await fewestRows(faults, attempt)
  const values = await fewestValues(rows, workload, limited)
  return placedFaults(await fewestSwitches(values, attempt), attempt)
}

/** Leaves out faults that have nothing to do with it. */
async function fewestFaults(failure: Failure, attempt: Try): Promise<Failure> {
  for (const { plan, choose } of plansWithFewerFaults(failure)) {
    const record = await attemptOnce(attempt, plan, choose)
    if (record) return fewestFaults({ plan, record }, attempt)
  }
  return failure
}

/**
 * Without a fault, what came after it may come some steps earlier: those that its actor took in vain,
 * and then once more.
 */
function* plansWithFewerFaults({
  plan: { faults = [], ...rest },
  record,
}: Failure): Generator<{ readonly plan: Plan; readonly choose: Chooser }> {
  const steps = stepsOf(record.history)
  for (const [index, { actor, step }] of faults.entries()) {
    const left = faults.toSpliced(index, 1)
    const plan = { ...rest, ...(left.length > 0 && { faults: left }) }
    yield { plan, choose: planned(scheduleOf(record)) }
    const isAfter = (fault: PlannedFault): boolean => fault.actor === actor && fault.step > step
    if (!left.some(isAfter)) continue
    for (let inVain = 1; inVain <= step + 1; inVain++) {
      const moved = left.map((fault) =>
        isAfter(fault) ? { ...fault, step: fault.step - inVain } : fault,
      )
      const needed = steps.filter(
        (each) => each.actor !== actor || each.number > step || each.number <= step - inVain,
      )
      yield { plan: { ...plan, faults: moved }, choose: inOrder(needed.map((each) => each.actor)) }
    }
  }
}

/** Names the steps that the faults strike, and not some before them: the run is the same. */
async function placedFaults(failure: Failure, attempt: Try): Promise<Failure> {
  const { plan, record: before } = failure
  const faults = placesOf(plan.faults ?? [], before.history)
  if (isDeepStrictEqual(faults, plan.faults ?? [])) return failure
  const placed = { ...plan, faults }
  const record = await attemptOnce(attempt, placed, planned(scheduleOf(before)))
  return record ? { plan: placed, record } : failure
}

/** Those that have struck, where they have; and after them those that have not, as they were. */
function placesOf(faults: readonly PlannedFault[], history: History): PlannedFault[] {
  const left = [...faults]
  const struck = strikesIn(history)
  for (const strike of struck) {
    const index = left.findIndex(
      ({ actor, kind }) => actor === strike.actor && kind === strike.kind,
    )
    if (index >= 0) left.splice(index, 1)
  }
  return [...struck, ...left]
}

/** Leaves out what can be left out with everything else in the same order. */
async function fewestCommandsInOrder(
  failure: Failure,
  workload: AnyWorkload,
  attempt: Try,
): Promise<Failure> {
  const steps = stepsOf(failure.record.history)
  for (const { plan, without } of plansWithLess(failure, workload)) {
    const record = await attemptOnce(attempt, plan, inOrder(without(steps)))
    if (record) return fewestCommandsInOrder({ plan, record }, workload, attempt)
  }
  return failure
}

async function fewestCommands(
  failure: Failure,
  workload: AnyWorkload,
  attempt: Try,
): Promise<Failure> {
  for (const plan of smallerPlans(failure, workload)) {
    for (const switches of likelySwitches) {
      const record = await search(plan, switches, attempt)
      if (record) return fewestCommands({ plan, record }, workload, attempt)
    }
  }
  return failure
}

/** Leaves out initial rows that have nothing to do with it. */
async function fewestRows(failure: Failure, attempt: Try): Promise<Failure> {
  const { plan } = failure
  for (const [table, rows] of Object.entries(plan.initial)) {
    for (const row of rows.keys()) {
      const smaller = { ...plan, initial: { ...plan.initial, [table]: rows.toSpliced(row, 1) } }
      const record = await attempt(smaller, planned(scheduleOf(failure.record)))
      if (record) return fewestRows({ plan: smaller, record }, attempt)
    }
  }
  return failure
}

/** Leaves out values where the tables allow none: a limit that has nothing to do with it, say. */
async function fewestValues(
  failure: Failure,
  workload: AnyWorkload,
  attempt: Try,
): Promise<Failure> {
  for (const initial of statesWithFewerValues(failure.plan.initial)) {
    if (!workload.schema.state.safeParse(initial).success) continue
    const plan = { ...failure.plan, initial }
    // Other values may mean other statements, which need another schedule.
    const record = await search(plan, contextSwitches(failure.record.history), attempt)
    if (record) return fewestValues({ plan, record }, workload, attempt)
  }
  return failure
}

function* statesWithFewerValues(state: Rows): Generator<Rows> {
  for (const [table, rows] of Object.entries(state)) {
    for (const [index, row] of rows.entries()) {
      for (const [column, value] of Object.entries(row)) {
        if (value === null) continue
        yield { ...state, [table]: rows.with(index, { ...row, [column]: null }) }
      }
    }
  }
}

/**
 * Leaves out a whole actor, or a single command. Where a command is needed because of what it does
 * to the data, the data can be as if it had been done before.
 */
function* smallerPlans(failure: Failure, workload: AnyWorkload): Generator<Plan> {
  const { plan } = failure
  for (const less of plansWithLess(failure, workload)) yield less.plan
  // A limit that three reach may be one less for two.
  for (const initial of statesWithSmallerNumbers(plan.initial)) {
    if (!workload.schema.state.safeParse(initial).success) continue
    for (const less of plansWithLess(failure, workload)) {
      if (less.plan.initial === plan.initial) yield { ...less.plan, initial }
    }
  }
}

interface LessPlan {
  readonly plan: Plan
  /** The actors of those steps that are left, as they are numbered in the plan. */
  without(steps: readonly PlacedStep[]): ActorId[]
}

function* plansWithLess(failure: Failure, workload: AnyWorkload): Generator<LessPlan> {
  const { plan } = failure
  for (const actor of plan.actors.keys()) {
    const actors = plan.actors.toSpliced(actor, 1)
    const less = { ...withoutFaultsOf(plan, actor), schedule: [], actors }
    yield { plan: less, without: withoutActor(actor) }
  }
  for (const [actor, commands] of plan.actors.entries()) {
    for (const [index, command] of commands.entries()) {
      const rest = commands.toSpliced(index, 1)
      const isOnly = rest.length === 0
      const actors = isOnly ? plan.actors.toSpliced(actor, 1) : plan.actors.with(actor, rest)
      const left = isOnly ? withoutFaultsOf(plan, actor) : withFaultsMoved(failure, actor, index)
      const less = { ...left, schedule: [], actors }
      const without = isOnly ? withoutActor(actor) : withoutCommand(actor, index)
      if (!isOnly) yield { plan: less, without }
      const done = workload.model(plan.initial, command) as { readonly state: Rows }
      if (done.state !== plan.initial) yield { plan: { ...less, initial: done.state }, without }
    }
  }
}

/** The actors after it have other numbers then. */
function withoutFaultsOf(plan: Plan, actor: ActorId): Plan {
  if (!plan.faults) return plan
  const faults = plan.faults
    .filter((fault) => fault.actor !== actor)
    .map((fault) => (fault.actor > actor ? { ...fault, actor: fault.actor - 1 } : fault))
  const { faults: _, ...rest } = plan
  return faults.length > 0 ? { ...rest, faults } : rest
}

/** What the actor does after the command, and what strikes it there, comes earlier by its steps. */
function withFaultsMoved({ plan, record }: Failure, actor: ActorId, command: number): Plan {
  if (!plan.faults) return plan
  const own = stepsOf(record.history).filter((step) => step.actor === actor)
  const stepsIn = (which: (step: PlacedStep) => boolean): number =>
    new Set(own.filter(which).map(({ number }) => number)).size
  const start = stepsIn((step) => step.command < command)
  const length = stepsIn((step) => step.command === command)
  const faults = plan.faults.map((fault) =>
    fault.actor === actor && fault.step >= start
      ? { ...fault, step: Math.max(start, fault.step - length) }
      : fault,
  )
  return { ...plan, faults }
}

const withoutActor =
  (actor: ActorId): LessPlan['without'] =>
  (steps) =>
    steps
      .filter((step) => step.actor !== actor)
      .map((step) => (step.actor > actor ? step.actor - 1 : step.actor))

const withoutCommand =
  (actor: ActorId, command: number): LessPlan['without'] =>
  (steps) =>
    steps
      .filter((step) => step.actor !== actor || step.command !== command)
      .map((step) => step.actor)

/** One number is one less. Not of those that only tell rows apart. */
function* statesWithSmallerNumbers(state: Rows): Generator<Rows> {
  for (const [table, rows] of Object.entries(state)) {
    for (const [index, row] of rows.entries()) {
      for (const [column, value] of Object.entries(row)) {
        if (typeof value !== 'number' || value <= 0 || isIdentifier(column)) continue
        yield { ...state, [table]: rows.with(index, { ...row, [column]: value - 1 }) }
      }
    }
  }
}

const isIdentifier = (column: string): boolean => /(^|_)id$/.test(column)

/** Joins what an actor does at different times, as long as that makes fewer switches. */
async function fewerSwitches(failure: Failure, attempt: Try): Promise<Failure> {
  const { plan, record: before } = failure
  const order = stepsOf(before.history).map(({ actor }) => actor)
  for (const fewer of withFewerSwitches(order)) {
    const record = await attemptOnce(attempt, plan, inOrder(fewer))
    if (record && contextSwitches(record.history) < contextSwitches(before.history)) {
      return fewerSwitches({ plan, record }, attempt)
    }
  }
  return failure
}

/**
 * The first failing schedule without a switch, else with one, and so on up to as many as there are
 * when the failure itself has been made simpler: the first of these begins with the first actor.
 */
async function fewestSwitches(found: Failure, attempt: Try): Promise<Failure> {
  const failure = await fewerSwitches(found, attempt)
  const { plan } = failure
  for (let switches = 0; switches <= contextSwitches(failure.record.history); switches += 1) {
    // Where an actor came to wait, a run may have more switches than the bound allows to choose.
    const few: Try = async (...trial) => {
      const record = await attempt(...trial)
      return record && contextSwitches(record.history) <= switches ? record : undefined
    }
    const record = await search(plan, switches, few)
    if (record) return { plan, record }
  }
  return failure
}

async function search(plan: Plan, switches: number, attempt: Try): Promise<RunRecord | undefined> {
  if (plan.actors.length === 0) return undefined
  const schedules = exhaustive.search({ switches })
  try {
    for (let runs = 0; runs < mostRuns; runs++) {
      const choose = schedules.next()
      if (!choose) return undefined
      const record = await attempt(plan, choose)
      if (record) return record
    }
  } catch (error) {
    // A run of this plan was stopped, so its schedules cannot be enumerated. Others may do.
    if (!(error instanceof Fault)) throw error
  }
  return undefined
}

/** Like a search of one schedule: a run that cannot be judged has not failed. */
async function attemptOnce(
  attempt: Try,
  plan: Plan,
  choose: Chooser,
): Promise<RunRecord | undefined> {
  if (plan.actors.length === 0) return undefined
  try {
    return await attempt(plan, choose)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return undefined
  }
}

/** How often another actor takes a step than the one before. */
export function contextSwitches(history: History): number {
  const actors = history.filter(({ kind }) => kind === 'sent').map(({ actor }) => actor)
  return actors.filter((actor, index) => index > 0 && actor !== actors[index - 1]).length
}

/** The choices of a run, without the zeros at the end. */
export function scheduleOf({ choices }: RunRecord): number[] {
  const schedule = choices.map(({ chosen }) => chosen)
  return schedule.slice(0, schedule.findLastIndex((choice) => choice !== 0) + 1)
}
