import { beforeEach } from 'vitest'
import { deadline } from './budget.ts'
import { stageOf } from './settings/stages.ts'

/**
 * Once the time budget is used up, no more of what is expected is looked at, and each test of it says so.
 * Known counterexamples and what has changed are tried in any case: they are what a change is judged by.
 */
beforeEach(({ task, skip }) => {
  if (deadline === undefined || Date.now() < deadline) return
  if (stageOf(task.file.filepath) === 'expectations') skip('the time budget was used up')
})
