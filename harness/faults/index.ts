import { faultNames, type FaultName, type FaultType } from './fault.ts'
import { answerLost } from './kinds/answer-lost.ts'
import { clientDies } from './kinds/client-dies.ts'
import { lockTimeout } from './kinds/lock-timeout.ts'
import { requestLost } from './kinds/request-lost.ts'
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

/** Whether the actor's program ends with it. An application's cannot: others use it too, or it is this one. */
export function endsProgram(name: FaultName): boolean {
  const type = faultType(name)
  return type.moment === 'before' && type.endsProgram
}

export const faultType = (name: FaultName): FaultType => faultTypes[name]
