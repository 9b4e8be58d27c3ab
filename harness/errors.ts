import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * The faults that stop a run. They are three different things, because three different people have
 * to act on them: a `StrategyFault` is for the author of the strategy, a `DatabaseFault` for whoever
 * runs the server, a `HarnessFault` for us. None of them is ever a pass or a violation: a run that
 * ends in one cannot be judged, and the verdict is `inconclusive`.
 */
export type FaultKind = 'harness' | 'strategy' | 'database'

/** What stops a run so that it cannot be judged: see {@link FaultKind}. */
export abstract class Fault extends Error {
  abstract readonly kind: FaultKind
}

/** Lockstep itself cannot go on: a limit was reached, or it contradicts itself. */
export class HarnessFault extends Fault {
  override readonly name = 'HarnessFault'
  readonly kind = 'harness'
}

/** The code under test broke the rules that make its runs judgeable: it hung, leaked, or threw. */
export class StrategyFault extends Fault {
  override readonly name = 'StrategyFault'
  readonly kind = 'strategy'
}

/** The server cannot be reached, was lost, or refused something Lockstep needs. */
export class DatabaseFault extends Fault {
  override readonly name = 'DatabaseFault'
  readonly kind = 'database'
}

/** Everybody waited for somebody, nobody was left to go on, and the database did not break it. */
export class Standstill extends StrategyFault {}

/** A run had more steps than it may have, and was stopped: it may never have ended. */
export class StepLimitReached extends HarnessFault {
  /** Statements that the database had refused by then. */
  readonly refusals: number

  constructor(message: string, refusals: number) {
    super(message)
    this.refusals = refusals
  }
}

/** A recorded run cannot be followed any more: the enabled actors or their statements differ. */
export class ReplayDivergence extends HarnessFault {
  /** The first step that was not as recorded. */
  readonly step: number

  constructor(message: string, step: number) {
    super(message)
    this.step = step
  }
}

/** The call was wrong. The message says what was wrong and what to do; the command exits with 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** A thrown value as one line of text, whatever was thrown. */
export function describeThrown(thrown: unknown): string {
  if (thrown instanceof Error) return oneLine(`${thrown.name}: ${thrown.message}`)
  if (typeof thrown === 'string') return `the string ${JSON.stringify(thrown)}`
  try {
    return `the value ${JSON.stringify(thrown) ?? String(thrown)}`
  } catch {
    return 'a value that cannot be shown'
  }
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim()

/** Where an error comes from, as ` (file:line)`, or nothing when its stack names no file of ours. */
export function whereThrown(thrown: unknown): string {
  const stack = thrown instanceof Error ? (thrown.stack ?? '') : ''
  // A syntax error's stack begins with the place; every other has it in its frames.
  const line = stack.split('\n').find((each) => ownPlace.test(each)) ?? ''
  const [, place = '', number = ''] = ownPlace.exec(line) ?? []
  if (place === '') return ''
  const path = place.startsWith('file:') ? fileURLToPath(place) : place
  const fromHere = relative(process.cwd(), path)
  return ` (${fromHere.startsWith('..') ? path : fromHere}:${number})`
}

const ownPlace = /^(?: {4}at (?:.*\()?)?((?:file:\/\/)?\/(?!.*node_modules)[^():]*):(\d+)/
