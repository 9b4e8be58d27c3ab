import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Observation, PerformedCommand } from '../invariant.ts'
import { ok, rejected, type Reply } from '../reply.ts'
import type { AnyCommand } from '../workload.ts'
import { checkout, type Checkout, type CheckoutState } from './checkout.ts'
import { purchase } from './purchase.ts'
import { redemption } from './redemption.ts'

type Command = Parameters<typeof checkout.describe>[0]
type Run = Observation<CheckoutState, Command>

const initial: CheckoutState = {
  coupon: [{ id: 1, code: 'C1', active: true, cap: null }],
  redemption: [],
  product: [{ id: 1, stock: 2 }],
  purchase: [],
}
const checkingOut = (change: Partial<Checkout> = {}): Checkout => ({
  kind: 'checkout',
  userId: 1,
  code: 'C1',
  productId: 1,
  quantity: 2,
  ...change,
})

const redeemed = { coupon_id: 1, user_id: 1 }
const bought = { user_id: 1, product_id: 1, quantity: 2 }
const done: CheckoutState = {
  ...initial,
  redemption: [redeemed],
  product: [{ id: 1, stock: 0 }],
  purchase: [bought],
}

const did = (command: Command, reply: Reply = ok()): PerformedCommand<Command> => ({
  actor: 0,
  command,
  reply,
  beganAt: 3,
  endedAt: 8,
})

/** Every invariant that is broken, with its message. */
const broken = (observed: Partial<Run>): Record<string, string> => {
  const run: Run = { initial, commands: [], committed: [], final: initial, ...observed }
  return Object.fromEntries(
    checkout.invariants.flatMap(({ name, check }) => {
      const message = check(run)
      return message === undefined ? [] : [[name, message]]
    }),
  )
}

test('what is generated begins without redemptions and purchases', () => {
  fc.assert(
    fc.property(checkout.arbitrary.state, (state) => {
      expect(state.redemption).toEqual([])
      expect(state.purchase).toEqual([])
    }),
  )
})

test('all five commands are told in one line', () => {
  const commands: readonly Command[] = [
    checkingOut(),
    { kind: 'redeem', userId: 2, code: 'C2' },
    { kind: 'deactivate', code: 'C1' },
    { kind: 'purchase', userId: 3, productId: 2, quantity: 1 },
    { kind: 'restock', productId: 1, quantity: 3 },
  ]
  expect(commands.map((command) => checkout.describe(command))).toEqual([
    'checkout(user 1, C1, 2 of product 1)',
    'redeem(user 2, C2)',
    'deactivate(C1)',
    'purchase(user 3, 1 of product 2)',
    'restock(3 of product 1)',
  ])
})

test('it has the invariants of both its halves', () => {
  expect(checkout.invariants.map(({ name }) => name)).toEqual(
    [...redemption.invariants, ...purchase.invariants].map(({ name }) => name),
  )
})

describe('the model', () => {
  test('does both halves of a checkout', () => {
    expect(checkout.model(initial, checkingOut())).toEqual({ state: done, reply: ok() })
  })

  test.each([
    { change: { quantity: 3 }, reply: rejected('not enough stock') },
    { change: { productId: 2 }, reply: rejected('no such product') },
    { change: { code: 'C9' }, reply: rejected('no such coupon') },
  ])('does neither when one is refused: $reply.reason', ({ change, reply }) => {
    expect(checkout.model(initial, checkingOut(change))).toEqual({ state: initial, reply })
  })

  test('answers as the halves do where only one of them is asked for', () => {
    const halves: readonly (readonly [AnyCommand, typeof redemption | typeof purchase])[] = [
      [{ kind: 'redeem', userId: 1, code: 'C1' } as AnyCommand, redemption],
      [{ kind: 'deactivate', code: 'C1' } as AnyCommand, redemption],
      [{ kind: 'purchase', userId: 1, productId: 1, quantity: 1 } as AnyCommand, purchase],
      [{ kind: 'restock', productId: 1, quantity: 1 } as AnyCommand, purchase],
    ]
    for (const [command, half] of halves) {
      const whole = checkout.model(initial, command as Command)
      const alone = half.model(initial, command as never)
      expect(whole).toEqual({ state: { ...initial, ...alone.state }, reply: alone.reply })
    }
  })
})

describe('the invariants', () => {
  test('are kept by a checkout that is done whole', () => {
    expect(broken({ commands: [did(checkingOut())], final: done })).toEqual({})
  })

  test('are broken by a checkout of which only the redemption was done', () => {
    const final = { ...initial, redemption: [redeemed] }
    expect(broken({ commands: [did(checkingOut())], final })).toEqual({
      'ok-has-its-purchase':
        'User 1 was told ok for 1 purchase of 2 of product 1, and 0 rows were added: no row in purchase.',
    })
  })

  test('are broken by a checkout that was refused and has left its redemption behind', () => {
    const commands = [did(checkingOut(), rejected('not enough stock'))]
    expect(broken({ commands, final: { ...initial, redemption: [redeemed] } })).toEqual({
      'ok-has-its-redemption':
        'User 1 was told ok for 0 redemptions of C1, and 1 row was added: redemption(coupon_id 1, user_id 1).',
    })
  })

  test('count a checkout and a redemption of the same coupon as two', () => {
    const commands = [did(checkingOut()), did({ kind: 'redeem', userId: 1, code: 'C1' })]
    const final = { ...done, redemption: [redeemed, redeemed] }
    expect(broken({ commands, final })).toEqual({
      'one-redemption-per-user':
        'User 1 has redeemed C1 2 times: redemption(coupon_id 1, user_id 1), redemption(coupon_id 1, user_id 1).',
    })
  })

  test('count a checkout and a purchase of the same product as two', () => {
    const single = { user_id: 1, product_id: 1, quantity: 1 }
    const commands = [
      did(checkingOut({ quantity: 1 })),
      did({ kind: 'purchase', userId: 1, productId: 1, quantity: 1 }),
    ]
    const final = { ...done, product: [{ id: 1, stock: 1 }], purchase: [single, single] }
    expect(broken({ commands, final })).toEqual({
      'stock-conserved':
        'Product 1 had 2, 0 were restocked and 2 sold, so 0 should be left, and 1 are: product(id 1, stock 1); purchase(user_id 1, product_id 1, quantity 1), purchase(user_id 1, product_id 1, quantity 1).',
    })
  })

  test('know a checkout for a redemption after the deactivation', () => {
    const withdrawn = { ...did({ kind: 'deactivate', code: 'C1' }), beganAt: 1, endedAt: 2 }
    expect(broken({ commands: [withdrawn, did(checkingOut())], final: done })).toEqual({
      'no-redemption-after-deactivation':
        'User 1 redeemed C1 from step 3 on, although its deactivation had been answered with ok at step 2.',
    })
  })
})
