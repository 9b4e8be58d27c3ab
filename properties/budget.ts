import { valueOf, wholeNumberIn } from './settings/environment.ts'
import { internal } from './settings/prepare.ts'

/** Random schedules for each strategy in each cell. */
export const schedules = wholeNumberIn('LOCKSTEP_SCHEDULES', 1) ?? 25

/** Where the random explorer begins: drawn anew for every run by the test runner's configuration. */
export const seed = wholeNumberIn('LOCKSTEP_SEED') ?? 0

/** When no more is begun, in milliseconds since 1970; undefined where there is time for everything. */
export const deadline: number | undefined = Number(valueOf(internal.deadline)) || undefined

/** Most random schedules in which something has to show that is known to be possible. */
export const mostSchedules = 3_000
