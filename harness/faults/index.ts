import type { Lane } from '../databases/engine.ts'
import { UsageError } from '../errors.ts'
import { unknownName } from '../names.ts'
import type { Strategy } from '../strategy.ts'
import { faultNames, type Ends, type FaultName, type FaultType } from './fault.ts'
import { answerLost } from './kinds/answer-lost.ts'
import { clientDies } from './kinds/client-dies.ts'
import { lockTimeout } from './kinds/lock-timeout.ts'
import { requestLost } from './kinds/request-lost.ts'
import { serverKilled } from './kinds/server-killed.ts'
import { sessionKilled } from './kinds/session-killed.ts'
import { statementTimeout } from './kinds/statement-timeout.ts'

/** Every kind of fault, by its name. */
export const faultTypes = {
  'session-killed': sessionKilled,
  'client-dies': clientDies,
  'request-lost': requestLost,
  'answer-lost': answerLost,
  'statement-timeout': statementTimeout,
  'lock-timeout': lockTimeout,
  'server-killed': serverKilled,
} as const satisfies Readonly<Record<FaultName, FaultType>>

/** What has happened, and where nobody who takes part knows it, whether the statement was done. */
export function describeFault({
  fault,
  wasDone,
}: {
  readonly fault: FaultName
  readonly wasDone?: boolean
}): string {
  const { title } = faultTypes[fault]
  if (wasDone === undefined) return title
  return `${title}; it was ${wasDone ? 'done' : 'refused'}`
}

/** How much goes wrong: a name for each selection of kinds. */
export const faultScopes = {
  none: [],
  connection: ['session-killed', 'client-dies', 'request-lost', 'answer-lost'],
  all: faultNames,
} as const satisfies Readonly<Record<string, readonly FaultName[]>>

/** Names of the selections of {@link faultScopes}. */
export type FaultScope = keyof typeof faultScopes

/** @throws {UsageError} when there is no selection of that name. */
export function faultsNamed(scope: string): readonly FaultName[] {
  if (Object.hasOwn(faultScopes, scope)) return faultScopes[scope as FaultScope]
  throw new UsageError(unknownName('selection of faults', scope, Object.keys(faultScopes)))
}

/** Why faults of the kind cannot strike the strategy on the lane: a clause. Undefined where they can. */
export function whyNot(
  name: FaultName,
  { application }: Strategy,
  { canCrash, provider }: Lane,
): string | undefined {
  switch (endedBy(name)) {
    case 'program':
      // Others use it too, or it is this one.
      return application && "Lockstep cannot end an application's program"
    case 'server':
      if (canCrash) return undefined
      return provider === 'url'
        ? 'the server is not one that Lockstep has started'
        : 'the server was not started to be killed'
    case 'session':
    case undefined:
      return undefined
  }
}

/** What ends with a fault of the kind, if it is one that ends something before a statement. */
export function endedBy(name: FaultName): Ends | undefined {
  const type = faultType(name)
  return type.moment === 'before' ? type.ends : undefined
}

/** Whether faults of these kinds take a server that keeps its promises when it is killed. */
export const needsDurability = (names: readonly FaultName[]): boolean =>
  names.some((name) => endedBy(name) === 'server')

export const faultType = (name: FaultName): FaultType => faultTypes[name]
