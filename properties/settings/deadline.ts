import { secondsIn } from './environment.ts'

/** When no more is begun, in milliseconds since 1970: from now, LOCKSTEP_TIME_BUDGET seconds. */
export function chooseDeadline(now = Date.now()): number | undefined {
  const seconds = secondsIn('LOCKSTEP_TIME_BUDGET')
  return seconds === undefined ? undefined : now + seconds * 1000
}
