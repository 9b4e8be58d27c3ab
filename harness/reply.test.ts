import { describe, expect, test } from 'vitest'
import { aborted, describeReply, isReply, ok, rejected, unknown } from './reply.ts'

describe('a reply', () => {
  test.each([
    { reply: ok(), text: 'ok' },
    { reply: rejected('not enough stock'), text: 'rejected: not enough stock' },
    { reply: aborted('serialization failure'), text: 'aborted: serialization failure' },
    { reply: aborted('conflict'), text: 'aborted: conflict' },
    { reply: unknown(), text: 'unknown' },
  ])('is shown as "$text"', ({ reply, text }) => {
    expect(describeReply(reply)).toBe(text)
    expect(isReply(reply)).toBe(true)
  })

  test('survives being written down', () => {
    for (const reply of [ok(), rejected('used up'), aborted('deadlock'), unknown()]) {
      expect(JSON.parse(JSON.stringify(reply))).toEqual(reply)
    }
  })
})

describe('isReply', () => {
  test.each([
    undefined,
    null,
    true,
    'ok',
    1,
    [],
    {},
    { kind: 'OK' },
    { kind: 'done' },
    { kind: undefined },
    { type: 'ok' },
    () => ok(),
    new Error('ok'),
  ])('is false for %o', (value) => {
    expect(isReply(value)).toBe(false)
  })

  // A known fault: such replies are shown as "rejected: undefined", and counted as "undefined".
  test.each([{ kind: 'rejected' }, { kind: 'aborted' }, { kind: 'aborted', error: 'late' }])(
    'is false for half a reply: %o',
    (value) => {
      expect(isReply(value)).toBe(false)
    },
  )

  test('is false for a reply that is still to come', () => {
    expect(isReply(Promise.resolve(ok()))).toBe(false)
  })
})
