import type { ActorId, History } from '../history.ts'
import type { Chooser } from '../scheduler/choice.ts'

/** A step of a run: whose it was, in which of the actor's commands, and its number as faults count. */
export interface PlacedStep {
  readonly actor: ActorId
  readonly command: number
  /** From 0 among the actor's own; a statement that stops inside takes its steps under one number. */
  readonly number: number
}

/** The steps of a run, in the order in which they were sent. */
export function stepsOf(history: History): readonly PlacedStep[] {
  const replies = new Map<ActorId, number>()
  const begun = new Map<ActorId, number>()
  const steps: PlacedStep[] = []
  for (const event of history) {
    const { kind, actor } = event
    const ofStatement = kind === 'sent' && event.request.kind === 'phase'
    const number = (begun.get(actor) ?? 0) - (ofStatement ? 1 : 0)
    // Who dies when its turn comes takes that turn.
    const isTurn = kind === 'sent' || (kind === 'fault' && event.fault === 'client-dies')
    if (isTurn) steps.push({ actor, command: replies.get(actor) ?? 0, number })
    if (kind === 'sent') begun.set(actor, number + 1)
    if (kind === 'replied') replies.set(actor, (replies.get(actor) ?? 0) + 1)
  }
  return steps
}

/**
 * Lets actors go on in this order, as far as they can: whose turn it is and who cannot go on comes as
 * soon as it can; and beyond the end, whoever ran last goes on.
 */
export function inOrder(actors: readonly ActorId[]): Chooser {
  const left = [...actors]
  return ({ enabled }) => {
    const next = left.findIndex((actor) => enabled.includes(actor))
    const [actor] = next < 0 ? [] : left.splice(next, 1)
    return actor === undefined ? 0 : enabled.indexOf(actor)
  }
}

/**
 * Orders with fewer context switches, of the same steps: the steps that an actor takes at a time are
 * put off until those that it takes the next time, or those are brought forward.
 *
 * Source: Jalbert and Sen, "A Trace Simplification Technique for Effective Debugging of Concurrent
 * Programs", FSE 2010.
 */
export function* withFewerSwitches(order: readonly ActorId[]): Generator<ActorId[]> {
  const turns = turnsOf(order)
  for (const [index, turn] of turns.entries()) {
    const next = turns.findIndex(({ actor }, other) => other > index && actor === turn.actor)
    if (next < 0) continue
    const joined = { actor: turn.actor, steps: turn.steps + (turns[next]?.steps ?? 0) }
    yield orderOf(turns.with(next, joined).toSpliced(index, 1))
    yield orderOf(turns.with(index, joined).toSpliced(next, 1))
  }
}

/** Steps that one actor takes without another in between. */
interface Turn {
  readonly actor: ActorId
  readonly steps: number
}

function turnsOf(order: readonly ActorId[]): readonly Turn[] {
  const turns: Turn[] = []
  for (const actor of order) {
    const last = turns.at(-1)
    if (last?.actor === actor) turns[turns.length - 1] = { actor, steps: last.steps + 1 }
    else turns.push({ actor, steps: 1 })
  }
  return turns
}

const orderOf = (turns: readonly Turn[]): ActorId[] =>
  turns.flatMap(({ actor, steps }) => Array.from({ length: steps }, () => actor))
