import { changedStrategies } from './changed.ts'
import { chooseDeadline } from './deadline.ts'
import { valueOf } from './environment.ts'
import { chooseSeed } from './seed.ts'
import { wantedStages, type Stage } from './stages.ts'

/** Set for the workers by whoever starts the tests, and not by people. */
export const internal = {
  changed: 'LOCKSTEP_INTERNAL_CHANGED',
  deadline: 'LOCKSTEP_INTERNAL_DEADLINE',
} as const

/** What the workers need to know, once for all of them. */
export interface Prepared {
  readonly stages: readonly Stage[]
}

/**
 * Draws what is the same for all files of a run, and leaves it in the environment, which the workers
 * inherit.
 *
 * @throws {SettingsError} when a variable holds what it cannot.
 */
export function prepareRun(root: string): Prepared {
  process.env['LOCKSTEP_SEED'] = String(chooseSeed())
  const since = valueOf('LOCKSTEP_CHANGED_SINCE')
  const changed = since === undefined ? [] : changedStrategies(since, root)
  process.env[internal.changed] = changed.join(',')
  process.env[internal.deadline] = String(chooseDeadline() ?? '')
  const stages = wantedStages()
  return { stages: changed.length > 0 ? stages : stages.filter((stage) => stage !== 'changed') }
}
