import type { Fault, FaultKind } from '../errors.ts'

/** Why a search ended before it could say anything. */
export interface Stop {
  readonly reason: string
  readonly fault: FaultKind | 'interrupted'
}

export const stopOf = ({ message, kind }: Fault): Stop => ({ reason: message, fault: kind })
