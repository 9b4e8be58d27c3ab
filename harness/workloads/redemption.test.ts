import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Observation, PerformedCommand } from '../invariant.ts'
import { aborted, ok, rejected, unknown, type Reply } from '../reply.ts'
import type { CouponRow, CouponState, Deactivate, Redeem, RedemptionRow } from './coupons.ts'
import { redemption } from './redemption.ts'

type Run = Observation<CouponState, Redeem | Deactivate>

const coupon = (change: Partial<CouponRow> = {}): CouponRow => ({
  id: 1,
  code: 'C1',
  active: true,
  cap: null,
  ...change,
})
const row = (coupon_id: number, user_id: number): RedemptionRow => ({ coupon_id, user_id })
const state = (
  redemptions: readonly RedemptionRow[] = [],
  coupons: readonly CouponRow[] = [coupon(), coupon({ id: 2, code: 'C2' })],
): CouponState => ({ coupon: coupons, redemption: redemptions })

const redeem = (userId: number, code = 'C1'): Redeem => ({ kind: 'redeem', userId, code })
const deactivate = (code = 'C1'): Deactivate => ({ kind: 'deactivate', code })

/** A command as it went, between two steps. */
const did = (
  command: Redeem | Deactivate,
  reply: Reply,
  [beganAt, endedAt]: readonly [number, number] = [1, 2],
): PerformedCommand<Redeem | Deactivate> => ({ actor: 0, command, reply, beganAt, endedAt })

const run = (change: Partial<Run>): Run => ({
  initial: state(),
  commands: [],
  committed: [],
  final: change.committed?.at(-1) ?? state(),
  ...change,
})

const check = (name: string, observed: Partial<Run>): string | undefined =>
  redemption.invariants.find((each) => each.name === name)!.check(run(observed))

test('what is generated begins without redemptions', () => {
  fc.assert(
    fc.property(redemption.arbitrary.state, (generated) => {
      expect(generated.redemption).toEqual([])
      expect(generated.coupon.length).toBeGreaterThan(0)
    }),
  )
})

test('commands are told in one line', () => {
  expect(redemption.describe(redeem(2))).toBe('redeem(user 2, C1)')
  expect(redemption.describe(deactivate('C2'))).toBe('deactivate(C2)')
})

describe('the model', () => {
  test.each([
    { name: 'of no coupon', command: redeem(1, 'C9'), reply: rejected('no such coupon') },
    { name: 'for the second time', command: redeem(1), reply: rejected('already redeemed') },
    { name: 'beyond the cap', command: redeem(2), reply: rejected('used up') },
    { name: 'of a withdrawn one', command: redeem(1, 'C2'), reply: rejected('no such coupon') },
    { name: 'within the cap', command: redeem(2, 'C3'), reply: ok() },
    { name: 'without a cap', command: redeem(1, 'C4'), reply: ok() },
  ])('answers a redemption $name', ({ command, reply }) => {
    const coupons = [
      coupon({ cap: 1 }),
      coupon({ id: 2, code: 'C2', active: false }),
      coupon({ id: 3, code: 'C3', cap: 2 }),
      coupon({ id: 4, code: 'C4' }),
    ]
    const before = state([row(1, 1), row(3, 1)], coupons)
    const after = redemption.model(before, command)
    expect(after.reply).toEqual(reply)
    const added = reply.kind === 'ok' ? [row(command.code === 'C3' ? 3 : 4, command.userId)] : []
    expect(after.state).toEqual({ ...before, redemption: [...before.redemption, ...added] })
  })

  test('deactivates only the coupon named', () => {
    expect(redemption.model(state(), deactivate('C2'))).toEqual({
      state: state([], [coupon(), coupon({ id: 2, code: 'C2', active: false })]),
      reply: ok(),
    })
    expect(redemption.model(state(), deactivate('C9')).reply).toEqual(rejected('no such coupon'))
  })
})

describe('one-redemption-per-user', () => {
  const name = 'one-redemption-per-user'
  const twice =
    'User 1 has redeemed C1 2 times: redemption(coupon_id 1, user_id 1), redemption(coupon_id 1, user_id 1).'

  test('is broken by two rows of one user for one coupon', () => {
    expect(check(name, { final: state([row(1, 1), row(1, 2), row(1, 1)]) })).toBe(twice)
  })

  test('is broken by a committed state that is gone at the end', () => {
    const committed = [state(), state([row(1, 1), row(1, 1)]), state()]
    expect(check(name, { committed, final: state() })).toBe(twice)
  })

  test('names all the rows, and a coupon without code by its id', () => {
    expect(check(name, { final: state([row(7, 3), row(7, 3), row(7, 3)]) })).toBe(
      'User 3 has redeemed coupon 7 3 times: redemption(coupon_id 7, user_id 3), redemption(coupon_id 7, user_id 3), redemption(coupon_id 7, user_id 3).',
    )
  })

  test('is kept by two users of one coupon, and by one user of two', () => {
    expect(check(name, { final: state([row(1, 1), row(1, 2), row(2, 1), row(2, 2)]) })).toBe(
      undefined,
    )
  })

  test('does not take user 11 of coupon 1 for user 1 of coupon 11', () => {
    expect(check(name, { final: state([row(1, 11), row(11, 1)]) })).toBe(undefined)
  })
})

describe('redemptions-within-cap', () => {
  const name = 'redemptions-within-cap'
  const coupons = [coupon({ cap: 2 }), coupon({ id: 2, code: 'C2', cap: null })]
  const overCap =
    'C1 has a cap of 2 and 3 redemptions: redemption(coupon_id 1, user_id 1), redemption(coupon_id 1, user_id 2), redemption(coupon_id 1, user_id 3).'
  const three = [row(1, 1), row(1, 2), row(1, 3)]

  test('is broken by one row too many', () => {
    expect(check(name, { final: state([...three, row(2, 1)], coupons) })).toBe(overCap)
  })

  test('is broken by a committed state that is gone at the end', () => {
    expect(check(name, { committed: [state(three, coupons)], final: state([], coupons) })).toBe(
      overCap,
    )
  })

  test('is kept up to the cap, and always without one', () => {
    const rows = [row(1, 1), row(1, 2), row(2, 1), row(2, 2), row(2, 3)]
    expect(check(name, { final: state(rows, coupons) })).toBe(undefined)
  })
})

describe('no-redemption-after-deactivation', () => {
  const name = 'no-redemption-after-deactivation'
  const withdrawn = did(deactivate(), ok(), [1, 2])

  test('is broken by who begins after the answer', () => {
    expect(check(name, { commands: [withdrawn, did(redeem(2), ok(), [3, 7])] })).toBe(
      'User 2 redeemed C1 from step 3 on, although its deactivation had been answered with ok at step 2.',
    )
  })

  test('is broken by who begins after the first of several answers', () => {
    const commands = [withdrawn, did(redeem(2), ok(), [3, 7]), did(deactivate(), ok(), [8, 9])]
    expect(check(name, { commands })).toMatch(/ answered with ok at step 2\.$/)
  })

  test('is broken whatever else went on before', () => {
    const commands = [
      did(redeem(1), ok(), [1, 3]),
      did(deactivate('C2'), ok(), [4, 4]),
      did(deactivate(), rejected('no such coupon'), [5, 5]),
      did(deactivate(), ok(), [6, 8]),
      did(redeem(1, 'C1'), rejected('no such coupon'), [9, 9]),
      did(redeem(2), ok(), [10, 12]),
    ]
    expect(check(name, { commands })).toBe(
      'User 2 redeemed C1 from step 10 on, although its deactivation had been answered with ok at step 8.',
    )
  })

  test.each([
    { what: 'began before the answer', commands: [withdrawn, did(redeem(2), ok(), [2, 7])] },
    { what: 'began and ended before it', commands: [did(redeem(2), ok(), [1, 1]), withdrawn] },
    {
      what: 'was refused',
      commands: [withdrawn, did(redeem(2), rejected('no such coupon'), [3, 4])],
    },
    { what: 'was aborted', commands: [withdrawn, did(redeem(2), aborted('deadlock'), [3, 4])] },
    { what: 'redeemed another coupon', commands: [withdrawn, did(redeem(2, 'C2'), ok(), [3, 7])] },
    {
      what: 'came after a deactivation that failed',
      commands: [did(deactivate(), aborted('deadlock'), [1, 2]), did(redeem(2), ok(), [3, 7])],
    },
    {
      what: 'came after one of which nobody knows whether it was done',
      commands: [did(deactivate(), unknown(), [1, 2]), did(redeem(2), ok(), [3, 7])],
    },
  ])('is kept by who $what', ({ commands }) => {
    expect(check(name, { commands })).toBe(undefined)
  })

  describe('where nobody knows whether it was redeemed', () => {
    const late = did(redeem(2), unknown(), [3, 7])
    const final = state([row(1, 2)])

    test('is broken by the row of who came too late', () => {
      expect(check(name, { commands: [withdrawn, late], final })).toBe(
        'User 2, who was told unknown, redeemed C1 after its deactivation had been answered with ok at step 2.',
      )
    })

    test('is broken by a row for a coupon that was not active from the start', () => {
      const withdrawnAtFirst = state([], [coupon({ active: false })])
      const after = state([row(1, 2)], [coupon({ active: false })])
      expect(check(name, { initial: withdrawnAtFirst, commands: [late], final: after })).toMatch(
        /^User 2, who was told unknown, redeemed C1 /,
      )
    })

    test.each([
      { what: 'there is no row', commands: [withdrawn, late], final: state() },
      {
        what: 'the row may be of who came in time',
        commands: [did(redeem(2), unknown(), [1, 2]), withdrawn, late],
        final,
      },
      {
        what: 'the row was there at first',
        commands: [withdrawn, late],
        initial: final,
        final,
      },
      {
        what: 'the row is of another user',
        commands: [withdrawn, late],
        final: state([row(1, 1)]),
      },
    ])('is kept where $what', ({ commands, initial = state(), final: after }) => {
      expect(check(name, { commands, initial, final: after })).toBe(undefined)
    })
  })
})

describe('ok-has-its-redemption', () => {
  const name = 'ok-has-its-redemption'

  test('is broken by an ok without its row', () => {
    expect(check(name, { commands: [did(redeem(1), ok())], final: state([row(1, 2)]) })).toBe(
      'User 1 was told ok for 1 redemption of C1, and 0 rows were added: no row in redemption.',
    )
  })

  test('is broken by a row that nobody was told of', () => {
    expect(check(name, { final: state([row(2, 3)]) })).toBe(
      'User 3 was told ok for 0 redemptions of C2, and 1 row was added: redemption(coupon_id 2, user_id 3).',
    )
  })

  test.each([rejected('used up'), aborted('deadlock')])(
    'is broken by a row that was told $kind',
    (reply) => {
      expect(check(name, { commands: [did(redeem(1), reply)], final: state([row(1, 1)]) })).toBe(
        'User 1 was told ok for 0 redemptions of C1, and 1 row was added: redemption(coupon_id 1, user_id 1).',
      )
    },
  )

  test('is broken by two oks for one row', () => {
    const commands = [did(redeem(1), ok()), did(redeem(1), ok())]
    expect(check(name, { commands, final: state([row(1, 1)]) })).toBe(
      'User 1 was told ok for 2 redemptions of C1, and 1 row was added: redemption(coupon_id 1, user_id 1).',
    )
  })

  test('is broken by a row for the wrong user, or the wrong coupon', () => {
    const commands = [did(redeem(1), ok())]
    expect(check(name, { commands, final: state([row(1, 2)]) })).toMatch(/^User 1 was told ok/)
    expect(check(name, { commands, final: state([row(2, 1)]) })).toMatch(/^User 1 was told ok/)
  })

  test('is kept by a row for each ok, beside those that were there at first', () => {
    const commands = [
      did(redeem(1), ok()),
      did(redeem(2), rejected('already redeemed')),
      did(redeem(2, 'C2'), ok()),
      did(deactivate(), ok()),
    ]
    const initial = state([row(1, 2)])
    const final = state([row(1, 2), row(1, 1), row(2, 2)])
    expect(check(name, { initial, commands, final })).toBe(undefined)
  })

  test('is broken by an ok for a coupon that does not exist', () => {
    expect(check(name, { commands: [did(redeem(1, 'C9'), ok())] })).toMatch(/^User 1 was told ok/)
  })

  test('is kept, with or without a row, by who was told that nobody knows', () => {
    const commands = [did(redeem(1), unknown())]
    expect(check(name, { commands, final: state() })).toBe(undefined)
    expect(check(name, { commands, final: state([row(1, 1)]) })).toBe(undefined)
  })

  test('is broken by a row that was there at first and is gone', () => {
    expect(check(name, { initial: state([row(1, 1)]), final: state() })).toMatch(/^User 1 /)
  })

  test('says how many rows the table holds, also where some were there at first', () => {
    const commands = [did(redeem(1), ok())]
    const there = state([row(1, 1)])
    expect(check(name, { initial: there, commands, final: there })).not.toMatch(/holds 0: redem/)
  })
})
