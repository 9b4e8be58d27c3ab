import { expect, test } from 'vitest'
import { followStrikes, soundsLost, strayFault } from './stray.ts'

const from = (message: string, more: object = {}): Error =>
  Object.assign(new Error(message), { stack: '' }, more)

test('what an application is told of a run that was stopped is none, however it is wrapped', () => {
  const told = from('error: the run was stopped by Lockstep')
  expect(strayFault(told)).toBeUndefined()
  expect(strayFault(from('Failed query', { cause: told }))).toBeUndefined()
  expect(strayFault('the run was stopped by Lockstep')).toBeDefined()
})

test.each([
  from('Connection terminated unexpectedly'),
  from('terminating session', { code: '57P01' }),
  from('write', { code: 'EPIPE' }),
  from('fetch failed', { cause: from('connect', { code: 'ECONNREFUSED' }) }),
])('a connection is lost, says %s', (error) => {
  expect(soundsLost(error)).toBe(true)
})

test.each([from('no such column', { code: '42703' }), new TypeError('x is null'), 'lost', null])(
  'no connection is lost, says %s',
  (thrown) => {
    expect(soundsLost(thrown)).toBe(false)
  },
)

test('a lost connection is explained by a fault that has struck, and by nothing else', () => {
  const awaits = (what: string) =>
    `Something that the strategy has started on its own threw ${what}: await all that a command starts, and catch what it throws.`
  const lost = from('Connection terminated unexpectedly')
  let hasStruck = false
  followStrikes(() => hasStruck)
  expect(strayFault(lost)?.message).toBe(awaits('Error: Connection terminated unexpectedly'))
  hasStruck = true
  followStrikes(() => false)
  expect(strayFault(lost)?.message).toBe(
    "Something that the application has started on its own threw Error: Connection terminated unexpectedly, after a fault of the plan had broken a connection: listen for the errors of its pool and of its connections (in node-postgres, pool.on('error', …) and client.on('error', …)), which nobody else hears of, and which would end its process in production as well.",
  )
  expect(strayFault(from('no stock'))?.message).toBe(awaits('Error: no stock'))
})
