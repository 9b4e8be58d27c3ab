import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { hasEnded, thisProcess, type Owner } from './owner.ts'

const endedProcess = (): number =>
  Number(execFileSync('sh', ['-c', 'echo $$'], { encoding: 'utf8' }))

test.each<[string, Partial<Owner>, boolean]>([
  ['that is this process has not', {}, false],
  ['that is no process any more has', { pid: endedProcess() }, true],
  ['whose number is another process now has', { startedAt: 'long ago' }, true],
  ['in another namespace may not have', { pid: endedProcess(), namespace: 'x' }, false],
  ['on another machine may not have', { pid: endedProcess(), machine: 'x' }, false],
])('an owner %s ended', (_, change, ended) => {
  expect(hasEnded({ ...thisProcess(), ...change })).toBe(ended)
})
