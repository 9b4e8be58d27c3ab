import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Observation, PerformedCommand } from '../invariant.ts'
import { aborted, ok, rejected, unknown, type Reply } from '../reply.ts'
import { purchase } from './purchase.ts'
import type { Purchase, PurchaseRow, Restock, StockState } from './stock.ts'

type Run = Observation<StockState, Purchase | Restock>

const buy = (userId: number, quantity = 1, productId = 1): Purchase => ({
  kind: 'purchase',
  userId,
  productId,
  quantity,
})
const restock = (quantity: number, productId = 1): Restock => ({
  kind: 'restock',
  productId,
  quantity,
})
const row = (user_id: number, quantity = 1, product_id = 1): PurchaseRow => ({
  user_id,
  product_id,
  quantity,
})
/** Products 1 and 2 with these stocks, and these purchases. */
const state = (stocks: readonly number[], purchases: readonly PurchaseRow[] = []): StockState => ({
  product: stocks.map((stock, index) => ({ id: index + 1, stock })),
  purchase: purchases,
})

const did = (
  command: Purchase | Restock,
  reply: Reply = ok(),
): PerformedCommand<typeof command> => ({
  actor: 0,
  command,
  reply,
  beganAt: 1,
  endedAt: 2,
})

const check = (name: string, observed: Partial<Run> & Pick<Run, 'initial' | 'final'>) =>
  purchase.invariants
    .find((each) => each.name === name)!
    .check({ commands: [], committed: [], ...observed })

test('what is generated begins without purchases, and with stock that is there', () => {
  fc.assert(
    fc.property(purchase.arbitrary.state, ({ product, purchase: sold }) => {
      expect(sold).toEqual([])
      expect(product.length).toBeGreaterThan(0)
      for (const { stock } of product) expect(stock).toBeGreaterThanOrEqual(0)
    }),
  )
})

test('commands are told in one line', () => {
  expect(purchase.describe(buy(3, 2))).toBe('purchase(user 3, 2 of product 1)')
  expect(purchase.describe(restock(4, 2))).toBe('restock(4 of product 2)')
})

describe('the model', () => {
  test('sells what there is', () => {
    expect(purchase.model(state([2, 5], [row(1)]), buy(2, 2))).toEqual({
      state: state([0, 5], [row(1), row(2, 2)]),
      reply: ok(),
    })
  })

  test('refuses what there is not', () => {
    expect(purchase.model(state([2]), buy(2, 3)).reply).toEqual(rejected('not enough stock'))
    expect(purchase.model(state([2]), buy(2, 1, 2)).reply).toEqual(rejected('no such product'))
    expect(purchase.model(state([2]), restock(1, 2)).reply).toEqual(rejected('no such product'))
  })

  test('restocks only the product named', () => {
    expect(purchase.model(state([0, 1]), restock(3, 2))).toEqual({
      state: state([0, 4]),
      reply: ok(),
    })
  })
})

describe('stock-never-negative', () => {
  const name = 'stock-never-negative'

  test('is broken at the end', () => {
    expect(check(name, { initial: state([1]), final: state([-1]) })).toBe(
      'Stock is below zero at the end: product(id 1, stock -1).',
    )
  })

  test('is broken by a committed state, though all is well in the end', () => {
    const committed = [state([0, 1]), state([-1, 1]), state([2, 1])]
    expect(check(name, { initial: state([1, 1]), committed, final: state([2, 1]) })).toBe(
      'Stock is below zero after commit 2: product(id 1, stock -1).',
    )
  })

  test('is told of the first such state, with every product it is true of', () => {
    const committed = [state([-1, -2]), state([-3, 1])]
    expect(check(name, { initial: state([1, 1]), committed, final: state([-3, 1]) })).toBe(
      'Stock is below zero after commit 1: product(id 1, stock -1), product(id 2, stock -2).',
    )
  })

  test('is kept by a stock of zero', () => {
    const committed = [state([0])]
    expect(check(name, { initial: state([1]), committed, final: state([0]) })).toBe(undefined)
  })
})

describe('stock-conserved', () => {
  const name = 'stock-conserved'

  test('is broken by a lost update', () => {
    const final = state([1], [row(1), row(2)])
    const commands = [did(buy(1)), did(buy(2))]
    expect(check(name, { initial: state([2]), commands, final })).toBe(
      'Product 1 had 2, 0 were restocked and 2 sold, so 0 should be left, and 1 are: product(id 1, stock 1); purchase(user_id 1, product_id 1, quantity 1), purchase(user_id 2, product_id 1, quantity 1).',
    )
  })

  test('is broken by a restocking that was lost', () => {
    const final = state([4, 3])
    expect(check(name, { initial: state([4, 3]), commands: [did(restock(2, 2))], final })).toBe(
      'Product 2 had 3, 2 were restocked and 0 sold, so 5 should be left, and 3 are: product(id 2, stock 3); no row in purchase.',
    )
  })

  test('is broken by stock that comes from nowhere', () => {
    expect(check(name, { initial: state([1]), final: state([2]) })).toMatch(
      /^Product 1 had 1, 0 were restocked and 0 sold, so 1 should be left, and 2 are: /,
    )
  })

  test('counts quantities, and only what was answered with ok', () => {
    const commands = [
      did(restock(5)),
      did(restock(7), aborted('deadlock')),
      did(restock(9, 2), rejected('no such product')),
      did(buy(1, 3)),
    ]
    const final = state([4], [row(1, 3)])
    expect(check(name, { initial: state([2]), commands, final })).toBe(undefined)
  })

  test('does not count what had been sold before', () => {
    const initial = state([2, 2], [row(1, 3), row(1, 1, 2)])
    const final = state([1, 2], [row(1, 3), row(1, 1, 2), row(2, 1)])
    expect(check(name, { initial, commands: [did(buy(2))], final })).toBe(undefined)
  })

  test('looks at the end only: what is under way may not add up', () => {
    const committed = [state([0]), state([0], [row(1)])]
    expect(check(name, { initial: state([1]), committed, final: state([0], [row(1)]) })).toBe(
      undefined,
    )
  })
})

describe('ok-has-its-purchase', () => {
  const name = 'ok-has-its-purchase'
  const initial = state([5])

  test('is broken by an ok without its row', () => {
    const commands = [did(buy(1, 2)), did(buy(2))]
    expect(check(name, { initial, commands, final: state([2], [row(2)]) })).toBe(
      'User 1 was told ok for 1 purchase of 2 of product 1, and 0 rows were added: purchase(user_id 2, product_id 1, quantity 1).',
    )
  })

  test('is broken by a row that nobody was told of', () => {
    expect(check(name, { initial, final: state([4], [row(3)]) })).toBe(
      'User 3 was told ok for 0 purchases of 1 of product 1, and 1 row was added: purchase(user_id 3, product_id 1, quantity 1).',
    )
  })

  test.each([rejected('not enough stock'), aborted('serialization failure')])(
    'is broken by a row that was told $kind',
    (reply) => {
      const final = state([4], [row(1)])
      expect(check(name, { initial, commands: [did(buy(1), reply)], final })).toBe(
        'User 1 was told ok for 0 purchases of 1 of product 1, and 1 row was added: purchase(user_id 1, product_id 1, quantity 1).',
      )
    },
  )

  test('names only the rows of the user where there are many', () => {
    const many = Array.from({ length: 1_500 }, (_, user) => row(user + 2))
    const commands = many.map((each) => did(buy(each.user_id)))
    const run = { initial: state([2_000]), commands: [did(buy(1, 2)), ...commands] }
    expect(check(name, { ...run, final: state([498], many) })).toBe(
      'User 1 was told ok for 1 purchase of 2 of product 1, and 0 rows were added: 1,500 rows of others.',
    )
    expect(check(name, { ...run, final: state([497], [...many, row(1)]) })).toBe(
      'User 1 was told ok for 1 purchase of 2 of product 1, and 0 rows were added: purchase(user_id 1, product_id 1, quantity 1), and 1,500 rows of others.',
    )
    expect(check('stock-conserved', { ...run, final: state([1], many) })).toMatch(
      /: product\(id 1, stock 1\); purchase\(.*\), and 1,488 more rows\.$/,
    )
  })

  test('is broken by an ok for a product that does not exist', () => {
    expect(check(name, { initial, commands: [did(buy(1, 1, 9))], final: initial })).toBe(
      'User 1 was told ok for 1 purchase of 1 of product 9, and 0 rows were added: no row in purchase.',
    )
  })

  test.each([
    { what: 'user', wrong: row(2, 2) },
    { what: 'quantity', wrong: row(1, 1) },
    { what: 'product', wrong: row(1, 2, 2) },
  ])('is broken by a row with the wrong $what', ({ wrong }) => {
    expect(
      check(name, { initial, commands: [did(buy(1, 2))], final: state([3], [wrong]) }),
    ).toMatch(
      /^User 1 was told ok for 1 purchase of 2 of product 1, and 0 rows were added: purchase\(/,
    )
  })

  test('is broken by a row that was there at first and is gone', () => {
    expect(check(name, { initial: state([5], [row(1)]), final: initial })).toMatch(
      /^User 1 was told ok for 0 purchases/,
    )
  })

  test('is kept by as many rows as oks, beside those that were there at first', () => {
    const commands = [
      did(buy(1)),
      did(buy(1)),
      did(buy(2), rejected('not enough stock')),
      did(restock(2)),
    ]
    const final = state([5], [row(1), row(1), row(1)])
    expect(check(name, { initial: state([5], [row(1)]), commands, final })).toBe(undefined)
  })
})

describe('bought-once', () => {
  const name = 'bought-once'
  const initial = state([5], [row(1)])

  test('is broken by two rows for one request, whatever was said of it', () => {
    for (const reply of [ok(), unknown(), aborted('deadlock'), rejected('not enough stock')]) {
      const commands = [did(buy(1), reply)]
      const final = state([3], [row(1), row(1), row(1)])
      expect(check(name, { initial, commands, final })).toBe(
        'User 1 asked 1 time for 1 of product 1, and 2 rows were added: purchase(user_id 1, product_id 1, quantity 1), purchase(user_id 1, product_id 1, quantity 1), purchase(user_id 1, product_id 1, quantity 1).',
      )
    }
  })

  test('is kept by a row for each request, or fewer', () => {
    const commands = [did(buy(1)), did(buy(1), unknown())]
    for (const rows of [[row(1)], [row(1), row(1)], [row(1), row(1), row(1)]]) {
      expect(check(name, { initial, commands, final: state([3], rows) })).toBe(undefined)
    }
  })
})

describe('nobody knows whether it was done', () => {
  const initial = state([2])

  test('so a purchase may have its row or not', () => {
    const commands = [did(buy(1), unknown())]
    for (const final of [initial, state([1], [row(1)])]) {
      expect(check('ok-has-its-purchase', { initial, commands, final })).toBe(undefined)
    }
  })

  test('but whether it was done once: not twice', () => {
    const commands = [did(buy(1), unknown())]
    expect(
      check('ok-has-its-purchase', { initial, commands, final: state([0], [row(1), row(1)]) }),
    ).toBe(
      'User 1 was told ok for 0 purchases of 1 of product 1, and unknown for 1, and 2 rows were added: purchase(user_id 1, product_id 1, quantity 1), purchase(user_id 1, product_id 1, quantity 1).',
    )
  })

  test('nor that a row of before is gone', () => {
    const before = state([0], [row(1)])
    const commands = [did(buy(1), unknown())]
    expect(check('ok-has-its-purchase', { initial: before, commands, final: state([0]) })).toBe(
      'User 1 was told ok for 0 purchases of 1 of product 1, and unknown for 1, and 1 row of before is gone: no row in purchase.',
    )
  })

  test('so a restocking may have added to the stock or not', () => {
    const commands = [did(restock(3), unknown())]
    for (const final of [initial, state([5])]) {
      expect(check('stock-conserved', { initial, commands, final })).toBe(undefined)
    }
  })
})
