import { expect, test } from 'vitest'
import type { Rows } from '../databases/engine.ts'
import { describeReply } from '../reply.ts'
import type { AnyCommand, AnyWorkload, Rush } from '../workload.ts'
import { serialRun } from './laws.ts'
import { checkout } from './checkout.ts'
import { couponLoad } from './coupon-load.ts'
import { purchase } from './purchase.ts'
import { redemption } from './redemption.ts'
import { idsOfLoad } from './spread.ts'
import { stockLoad } from './stock-load.ts'

const numbers = Array.from({ length: 5_000 }, (_, number) => number)

test('all clients of a hot load meet in one row, and of a spread one in any', () => {
  const hot = stockLoad.hot.start(1)
  expect(new Set(numbers.map((number) => hot.command(number).productId))).toEqual(new Set([1]))
  const spread = stockLoad.spread.start(1)
  const drawn = new Set(numbers.map((number) => spread.command(number).productId))
  expect(drawn.size).toBeGreaterThan(950)
  expect(new Set(idsOfLoad).isSupersetOf(drawn)).toBe(true)
  expect(hot.initial).toEqual(spread.initial)
})

test('what is bought is restocked', () => {
  for (const { start } of Object.values(stockLoad)) {
    const { command } = start(1)
    const stock = new Map<number, number>()
    for (let number = 0; number < 50_000; number++) {
      const { kind, productId, quantity } = command(number)
      const change = kind === 'restock' ? quantity : -quantity
      stock.set(productId, (stock.get(productId) ?? 0) + change)
    }
    const changes = [...stock.values()]
    expect(changes.reduce((total, change) => total + change, 0)).toBeGreaterThanOrEqual(0)
    if (stock.size === 1) expect(changes[0]).toBeGreaterThanOrEqual(0)
  }
})

test('one redemption in 20 is a second one, right after the first', () => {
  for (const { start } of Object.values(couponLoad)) {
    const { command } = start(1)
    const commands = numbers.map((number) => command(number))
    const again = numbers.filter(
      (number) => commands[number]?.userId === commands[number - 1]?.userId,
    )
    expect(again).toHaveLength(numbers.length / 20)
    for (const number of again) expect(commands[number]).toEqual(commands[number - 1])
    const users = new Set(commands.map(({ userId }) => userId))
    expect(users.size).toBe(numbers.length * 0.95)
  }
})

/** What would have been done by commands of which each was answered with ok. */
const allDone = (load: typeof couponLoad.hot) => {
  const { initial, command } = load.start(1)
  const commands = Array.from({ length: 50_000 }, (_, number) => ({
    actor: number % 64,
    command: command(number),
    reply: { kind: 'ok' } as const,
    beganAt: number,
    endedAt: number + 1,
  }))
  const rows = commands.map((each) => ({
    coupon_id: Number(each.command.code.slice(1)),
    user_id: each.command.userId,
  }))
  const final = { ...initial, redemption: [...initial.redemption, ...rows] }
  return { initial, commands, committed: [final], final }
}

test.each(['hot', 'spread'] as const)(
  '50,000 commands are judged in a moment: %s',
  (contention) => {
    const redeemed = allDone(couponLoad[contention])
    const { initial, command } = stockLoad[contention].start(1)
    const commands = redeemed.commands.map((each, number) => ({
      ...each,
      command: command(number),
    }))
    const rows = commands.flatMap(({ command: each }) =>
      each.kind === 'purchase'
        ? { user_id: each.userId, product_id: each.productId, quantity: each.quantity }
        : [],
    )
    const final = { ...initial, purchase: rows }
    const bought = { initial, commands, committed: [final], final }
    const startedAt = performance.now()
    const messages = [
      ...redemption.invariants.map(({ check }) => check(redeemed)),
      ...purchase.invariants.map(({ check }) => check(bought)),
    ]
    // With a look at all others for each of them it takes minutes.
    expect(performance.now() - startedAt).toBeLessThan(5_000)
    expect(messages.filter((message) => message !== undefined)).toEqual([
      expect.stringMatching(/^User \d+ has redeemed C\d+ 2 times: /),
      expect.stringMatching(/^Product 1 had 1000, \d+ were restocked and \d+ sold, /),
    ])
  },
)

test('in a rush, each rule refuses some, and there would be enough for others', () => {
  const repliesOf = (workload: AnyWorkload) => {
    const rush = workload.rush as Rush<Rows, AnyCommand>
    const options = {
      clients: 100,
      supply: rush.supplyFor(100),
      quantity: { min: 1, max: 30 },
      seed: 1,
    }
    const { initial, commands } = rush.start(options)
    const { commands: done } = serialRun(workload, initial, commands)
    return new Set(done.map(({ reply }) => describeReply(reply)))
  }
  const used = 'rejected: already redeemed'
  expect(repliesOf(purchase)).toEqual(new Set(['ok', 'rejected: not enough stock']))
  expect(repliesOf(redemption)).toEqual(new Set(['ok', used, 'rejected: used up']))
  expect(repliesOf(checkout)).toEqual(new Set(['ok', used, 'rejected: not enough stock']))
})

test('a checkout meets others in its coupon and in its product', () => {
  const { command } = checkout.load?.hot.start(1) ?? {}
  expect(command?.(3)).toEqual({
    kind: 'checkout',
    userId: 14,
    code: 'C1',
    productId: 1,
    quantity: 1,
  })
  expect(command?.(49)).toEqual({ kind: 'restock', productId: 1, quantity: 50 })
})
