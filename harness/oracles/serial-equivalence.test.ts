import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Rows } from '../databases/engine.ts'
import type { Observation, PerformedCommand } from '../invariant.ts'
import { planArbitrary } from '../plan.ts'
import { aborted, ok, rejected, unknown, type Reply } from '../reply.ts'
import type { AnyCommand, AnyWorkload } from '../workload.ts'
import { workloads } from '../workloads/index.ts'
import { purchase } from '../workloads/purchase.ts'
import { redemption } from '../workloads/redemption.ts'
import { serialEquivalence, type SerialEquivalence } from './serial-equivalence.ts'

const redeem = (userId: number) => ({ kind: 'redeem', userId, code: 'C1' })
const buy = (userId: number) => ({ kind: 'purchase', userId, productId: 1, quantity: 1 })
const restock = (quantity: number) => ({ kind: 'restock', productId: 1, quantity })

const coupon = (cap: number | null = null) => [{ id: 1, code: 'C1', active: true, cap }]
const redeemed = (...users: number[]) => users.map((user_id) => ({ coupon_id: 1, user_id }))
const stock = (left: number, ...users: number[]): Rows => ({
  product: [{ id: 1, stock: left }],
  purchase: users.map((user_id) => ({ user_id, product_id: 1, quantity: 1 })),
})

type Told = readonly [
  actor: number,
  command: AnyCommand,
  reply: Reply,
  time?: readonly [number, number],
]

/** Commands in the order of their replies; all overlap where no times are given. */
const run = (initial: Rows, told: readonly Told[], final: Rows): Observation<Rows, AnyCommand> => ({
  initial,
  commands: told.map(([actor, command, reply, [beganAt, endedAt] = [1, 99]]) => ({
    actor,
    command,
    reply,
    beganAt,
    endedAt,
  })),
  committed: [final],
  final,
})

/** The order as actors, or what else came of it. */
const orderOf = (equivalence: SerialEquivalence): string =>
  equivalence.outcome === 'serial'
    ? equivalence.order.map(({ actor }) => 'ABCD'.charAt(actor)).join('')
    : equivalence.outcome

describe('serial', () => {
  test('is a run whose replies and rows some order gives, whatever the order of the replies', () => {
    const initial = { coupon: coupon(1), redemption: [] }
    const told = [
      [0, redeem(1), rejected('used up')],
      [1, redeem(2), ok()],
    ] as const
    const final = { coupon: coupon(1), redemption: redeemed(2) }
    expect(orderOf(serialEquivalence(redemption, run(initial, told, final)))).toBe('BA')
  })

  test('compares tables without regard to the order of their rows or columns', () => {
    const told = [
      [0, buy(1), ok()],
      [1, buy(2), ok()],
    ] as const
    const final = {
      product: [{ stock: 0, id: 1 }],
      purchase: [
        { quantity: 1, user_id: 2, product_id: 1 },
        { product_id: 1, user_id: 1, quantity: 1 },
      ],
    }
    expect(orderOf(serialEquivalence(purchase, run(stock(2), told, final)))).toBe('AB')
  })

  test("keeps each actor's own order", () => {
    const told = [
      [0, buy(1), rejected('not enough stock'), [1, 2]],
      [0, restock(1), ok(), [3, 4]],
    ] as const
    const serial = run(stock(0), told, stock(1))
    expect(orderOf(serialEquivalence(purchase, serial))).toBe('AA')
    const [first, second] = told
    const swapped = run(
      stock(0),
      [
        [0, restock(1), ok()],
        [0, buy(1), first[2]],
      ],
      stock(1),
    )
    expect(second).toBeDefined()
    expect(orderOf(serialEquivalence(purchase, swapped))).toBe('not serial')
  })

  test('is strict when an order also keeps to real time, and says when none does', () => {
    const initial = stock(0)
    const overlapping = [
      [0, buy(1), ok(), [1, 6]],
      [1, restock(1), ok(), [2, 3]],
    ] as const
    expect(serialEquivalence(purchase, run(initial, overlapping, stock(0, 1)))).toMatchObject({
      outcome: 'serial',
      isStrict: true,
    })
    // The purchase was answered before the restocking began, and had its units nevertheless.
    const late = [
      [0, buy(1), ok(), [1, 2]],
      [1, restock(1), ok(), [3, 4]],
    ] as const
    const found = serialEquivalence(purchase, run(initial, late, stock(0, 1)))
    expect(found).toMatchObject({ outcome: 'serial', isStrict: false })
    expect(orderOf(found)).toBe('BA')
  })

  test('prefers an order of real time to the one it comes to first', () => {
    const told = [
      [1, buy(2), ok(), [5, 6]],
      [0, buy(1), ok(), [1, 2]],
    ] as const
    const found = serialEquivalence(purchase, run(stock(2), told, stock(0, 1, 2)))
    expect(found).toMatchObject({ outcome: 'serial', isStrict: true })
    expect(orderOf(found)).toBe('AB')
  })

  test('leaves out what was aborted', () => {
    const told = [
      [0, buy(1), aborted('deadlock')],
      [1, buy(2), ok()],
    ] as const
    const found = serialEquivalence(purchase, run(stock(1), told, stock(0, 2)))
    expect(orderOf(found)).toBe('B')
  })

  test.each([
    ['done', stock(1, 1)],
    ['not done', stock(2)],
  ])('takes a command whose outcome is unknown for %s', (_, final) => {
    const told = [[0, buy(1), unknown()]] as const
    expect(serialEquivalence(purchase, run(stock(2), told, final)).outcome).toBe('serial')
  })

  test('lets what is unknown take effect after what its actor did next', () => {
    const told = [
      [0, restock(1), unknown(), [1, 2]],
      [0, buy(1), rejected('not enough stock'), [3, 4]],
    ] as const
    const found = serialEquivalence(purchase, run(stock(0), told, stock(1)))
    expect(found).toMatchObject({ outcome: 'serial', isStrict: true })
  })

  test('takes nothing else for an unknown command than what it may have done', () => {
    const told = [[0, buy(1), unknown()]] as const
    expect(serialEquivalence(purchase, run(stock(2), told, stock(0, 1))).outcome).toBe('not serial')
  })
})

describe('not serial', () => {
  const twice = run(
    { coupon: coupon(), redemption: [] },
    [
      [0, redeem(1), ok()],
      [1, redeem(1), ok()],
    ],
    { coupon: coupon(), redemption: redeemed(1, 1) },
  )

  test('is a redemption that happened twice, and says which order comes nearest', () => {
    const found = serialEquivalence(redemption, twice)
    expect(found).toEqual({
      outcome: 'not serial',
      nearest: {
        order: [
          { actor: 0, index: 0, command: redeem(1), reply: ok() },
          { actor: 1, index: 0, command: redeem(1), reply: rejected('already redeemed') },
        ],
        differences: [
          { kind: 'reply', actor: 1, index: 0, serial: rejected('already redeemed'), run: ok() },
          {
            kind: 'rows',
            table: 'redemption',
            serialOnly: [],
            runOnly: redeemed(1),
            rows: { serial: 1, run: 2 },
          },
        ],
        isNearest: true,
      },
      abortedButDone: [],
      message:
        'No serial order gives these replies and rows: the nearest is A then B, where B is told rejected (already redeemed) instead of ok and redemption has 1 row instead of 2.',
      details: [
        'A redeem(user 1, C1): ok',
        'B redeem(user 1, C1): rejected (already redeemed), and was told ok',
        'redemption(coupon_id 1, user_id 1) only in the run',
      ],
    })
  })

  test('is a lost update, which shows in the rows alone', () => {
    const told = [
      [0, buy(1), ok()],
      [1, buy(2), ok()],
    ] as const
    const found = serialEquivalence(purchase, run(stock(2), told, stock(1, 1, 2)))
    expect(found).toMatchObject({
      message:
        'No serial order leaves these rows: the nearest is A then B, where product has (id 1, stock 0) instead of (id 1, stock 1).',
      details: [
        'A purchase(user 1, 1 of product 1): ok',
        'B purchase(user 2, 1 of product 1): ok',
        'product(id 1, stock 0) only in that order',
        'product(id 1, stock 1) only in the run',
      ],
    })
  })

  test('is a refusal that no order gives, although no row is wrong', () => {
    const told = [
      [0, buy(1), rejected('busy')],
      [1, buy(2), rejected('not enough stock')],
      [1, restock(1), ok()],
    ] as const
    const found = serialEquivalence(purchase, run(stock(0), told, stock(1)))
    expect(found).toMatchObject({
      message:
        'No serial order gives these replies: the nearest is A then B1 then B2, where A is told rejected (not enough stock) instead of rejected (busy).',
    })
  })

  test('is a command that was aborted and done, and names it', () => {
    const told = [
      [0, buy(1), aborted('serialization failure')],
      [1, buy(2), ok()],
    ] as const
    const found = serialEquivalence(purchase, run(stock(2), told, stock(0, 1, 2)))
    expect(found).toMatchObject({
      abortedButDone: [{ actor: 0, index: 0 }],
      message:
        'No serial order leaves these rows: the nearest is B, where product has (id 1, stock 1) instead of (id 1, stock 0) and purchase has 1 row instead of 2. It would be serial had A not been told aborted: what was said not to be done was done.',
      details: expect.arrayContaining([
        'A purchase(user 1, 1 of product 1): stands nowhere, as it was told aborted (serialization failure)',
      ]) as unknown,
    })
  })

  test('is what an aborted command did in part, for which there is no such explanation', () => {
    const told = [[0, buy(1), aborted('deadlock')]] as const
    const found = serialEquivalence(purchase, run(stock(2), told, stock(1)))
    expect(found).toMatchObject({
      abortedButDone: [],
      message:
        'No serial order leaves these rows: the nearest is that of no command at all, where product has (id 1, stock 2) instead of (id 1, stock 1).',
    })
  })

  test('names the order that differs least, not the first one', () => {
    // In the order of the replies a reply and two rows would differ; in the other one, one row.
    const told = [
      [0, buy(1), ok()],
      [1, restock(1), ok()],
    ] as const
    const found = serialEquivalence(purchase, run(stock(0), told, stock(5, 1)))
    expect(found).toMatchObject({
      nearest: {
        order: [{ actor: 1 }, { actor: 0 }],
        differences: [{ kind: 'rows', table: 'product' }],
      },
    })
  })
})

describe('two ways to the same commands', () => {
  /** Each writes its letter at the end of one text, and is told the text's length. */
  const text = {
    ...purchase,
    tables: [{ name: 'note', columns: ['text'], create: [] }],
    describe: ({ letter }: { letter: string }) => letter,
    model: (state: Rows, { letter }: { letter: string }) => {
      const longer = `${String(state['note']?.[0]?.['text'])}${letter}`
      return { state: { note: [{ text: longer }] }, reply: rejected(`${longer.length}`) }
    },
  } as unknown as AnyWorkload
  const note = (value: string): Rows => ({ note: [{ text: value }] })
  const write = (letter: string) => ({ kind: 'write', letter })

  test('are told apart when they lead to other states', () => {
    const told = ['A', 'B', 'C'].map((letter, actor) => [actor, write(letter), unknown()] as const)
    expect(orderOf(serialEquivalence(text, run(note(''), told, note('BAC'))))).toBe('BAC')
  })

  test('are both looked at when the second has more left to spend', () => {
    const replies = ['2', '1', 'x', 'y']
    const told = replies.map((reply, actor) => [actor, write('.'), rejected(reply)] as const)
    const found = serialEquivalence(text, run(note(''), told, note('....')))
    expect(found).toMatchObject({
      nearest: { differences: [{ actor: 2 }, { actor: 3 }], isNearest: true },
    })
  })
})

describe('undecided', () => {
  const many = (actors: number, each: number): readonly Told[] =>
    Array.from({ length: actors * each }, (_, index) => [index % actors, buy(index % actors), ok()])

  test('is what has more orders than may be looked at, and never serial', () => {
    const observation = run(stock(12), many(4, 3), stock(0))
    expect(serialEquivalence(purchase, observation, { modelCalls: 20 })).toEqual({
      outcome: 'undecided',
      reason:
        'The serial orders of 12 commands were too many: none was found after 20 calls of the model.',
    })
  })

  test('is a run of more commands than can be counted', () => {
    const observation = run(stock(40), many(4, 8), stock(8))
    expect(serialEquivalence(purchase, observation)).toMatchObject({ outcome: 'undecided' })
  })

  test('does not become of four actors with three commands each', () => {
    const replies = many(4, 3)
    const observation = run(stock(12), replies, stock(1, ...replies.map(([actor]) => actor)))
    const start = performance.now()
    expect(serialEquivalence(purchase, observation)).toMatchObject({
      outcome: 'not serial',
      nearest: { isNearest: true, differences: [{ kind: 'rows', table: 'product' }] },
    })
    expect(performance.now() - start).toBeLessThan(2_000)
  })

  test('says so when the nearest order was one of too many', () => {
    const told = many(2, 2)
    const observation = run(stock(4), told, stock(9))
    const exact = serialEquivalence(purchase, observation)
    expect(exact).toMatchObject({ nearest: { isNearest: true } })
    expect(serialEquivalence(purchase, observation, { modelCalls: 25 })).toMatchObject({
      nearest: {
        isNearest: false,
        order: expect.toSatisfy((order) => order.length === 4) as unknown,
      },
      message: expect.stringContaining('the order of the replies is') as unknown,
    })
  })
})

describe.each(workloads)('by chance, in $name', (workload) => {
  const plans = planArbitrary(workload, fc.array(fc.nat({ max: 3 }), { maxLength: 12 }))

  /** The plan's commands one after the other, interleaved as its schedule says, by the model. */
  const serialRun = (plan: typeof plans extends fc.Arbitrary<infer P> ? P : never) => {
    const left = plan.actors.map((commands, actor) => ({ actor, commands: [...commands] }))
    const commands: PerformedCommand<AnyCommand>[] = []
    let state = plan.initial
    for (let step = 1; left.some((each) => each.commands.length > 0); step++) {
      const able = left.filter((each) => each.commands.length > 0)
      const next = able[(plan.schedule[step - 1] ?? 0) % able.length]
      const command = next?.commands.shift()
      if (!next || !command) break
      const done = workload.model(state, command) as { state: Rows; reply: Reply }
      state = done.state
      commands.push({ actor: next.actor, command, reply: done.reply, beganAt: step, endedAt: step })
    }
    return { initial: plan.initial, commands, committed: [state], final: state }
  }

  test('what was done in a serial order is strictly serial, in that order', () => {
    fc.assert(
      fc.property(plans, (plan) => {
        const observation = serialRun(plan)
        const found = serialEquivalence(workload, observation)
        expect(found).toMatchObject({ outcome: 'serial', isStrict: true })
        if (found.outcome !== 'serial') return
        expect(found.order.map(({ command }) => command)).toEqual(
          observation.commands.map(({ command }) => command),
        )
      }),
      { numRuns: 60 },
    )
  })

  test('agrees with trying every order, without memory and without cuts', () => {
    const small = fc
      .tuple(plans, fc.nat(), fc.nat())
      .filter(([{ actors }]) => actors.flat().length <= 5)
    let notSerial = 0
    fc.assert(
      fc.property(small, ([plan, which, other]) => {
        const observation = serialRun(plan)
        // One reply is another's, so that about half of the runs are not serial.
        const { commands } = observation
        const told = commands[other % commands.length]?.reply ?? ok()
        const changed = commands.map((each, index) =>
          index === which % commands.length ? { ...each, reply: told } : each,
        )
        const odd = { ...observation, commands: changed }
        const expected = everyOrder(workload, odd)
        if (!expected) notSerial += 1
        expect(serialEquivalence(workload, odd).outcome).toBe(expected ? 'serial' : 'not serial')
      }),
      { numRuns: 150, seed: 1 },
    )
    expect(notSerial).toBeGreaterThan(5)
  })
})

/** Whether any order of the commands gives the run, the slow way. */
function everyOrder(
  workload: AnyWorkload,
  { initial, commands, final }: Observation<Rows, AnyCommand>,
): boolean {
  const sorted = (state: Rows): string =>
    JSON.stringify(
      Object.entries(state).map(([table, rows]) => [
        table,
        rows.map((row) => JSON.stringify(row)).toSorted(),
      ]),
    )
  const go = (left: readonly PerformedCommand<AnyCommand>[], state: Rows): boolean =>
    left.length === 0
      ? sorted(state) === sorted(final)
      : left.some((each, index) => {
          if (left.slice(0, index).some(({ actor }) => actor === each.actor)) return false
          const next = workload.model(state, each.command) as { state: Rows; reply: Reply }
          const agrees = JSON.stringify(next.reply) === JSON.stringify(each.reply)
          return agrees && go(left.toSpliced(index, 1), next.state)
        })
  return go(commands, initial)
}
