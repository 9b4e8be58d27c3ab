import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Lane } from '../databases/engine.ts'
import { StrategyFault } from '../errors.ts'
import type { Plan } from '../plan.ts'
import { aborted, ok, rejected, unknown } from '../reply.ts'
import { executeRun, prepareLane } from '../run.ts'
import type { Strategy } from '../strategy.ts'
import { openLane } from '../testing/lane.ts'
import { purchaseStrategy } from '../testing/strategies.ts'
import { serialEquivalence } from './serial-equivalence.ts'
import { confirmBySerialRuns, runSerially } from './serial-runs.ts'

let lane: Lane
beforeAll(async () => {
  lane = await openLane()
})
afterAll(() => lane.close())

const buy = (userId: number) => ({ kind: 'purchase', userId, productId: 1, quantity: 1 })
const restock = { kind: 'restock', productId: 1, quantity: 1 }
const initial = { product: [{ id: 1, stock: 2 }], purchase: [] }
const place = (actor: number, command: typeof restock | ReturnType<typeof buy>, index = 0) => ({
  actor,
  index,
  command,
})

/** Reads the stock and writes back what it computed: right when it is alone. */
const readModifyWrite = purchaseStrategy('read-modify-write', (session, { userId, productId }) =>
  session.transaction(async (tx) => {
    const [product] = await tx.sql<{ stock: number }>`
      SELECT stock FROM product WHERE id = ${productId}`
    if (!product) return rejected('no such product')
    if (product.stock < 1) return rejected('not enough stock')
    await tx.sql`UPDATE product SET stock = ${product.stock - 1} WHERE id = ${productId}`
    await tx.sql`
      INSERT INTO purchase (user_id, product_id, quantity) VALUES (${userId}, ${productId}, 1)`
    return ok()
  }),
)

/** Answers ok whatever happened: wrong even alone. */
const swallowing: Strategy = {
  ...readModifyWrite,
  name: 'swallowing',
  handler: (kind) => async (session, command) => {
    const reply = await readModifyWrite.handler(kind)(session, command)
    return reply.kind === 'rejected' ? ok() : reply
  },
}

async function runOf(strategy: Strategy, actors: Plan['actors'], schedule: number[] = []) {
  await prepareLane(lane, strategy)
  return executeRun({ lane, strategy, plan: { initial, actors, schedule, attempts: 3 } })
}

describe('a serial run on the engine', () => {
  const strategy = readModifyWrite

  test('does one command after the other in the given order', async () => {
    await prepareLane(lane, strategy)
    const order = [place(1, buy(2)), place(0, buy(1)), place(0, buy(3), 1), place(1, restock, 1)]
    const outcome = await runSerially({ lane, strategy, attempts: 3 }, initial, order)
    expect(outcome.order).toEqual(
      order.map((each, index) => ({
        ...each,
        reply: index === 2 ? rejected('not enough stock') : ok(),
      })),
    )
    expect(outcome.final['product']).toEqual([{ id: 1, stock: 1 }])
  })

  test('starts no command before its turn, each in the process of its own actor', async () => {
    const seen: string[] = []
    const remembering = purchaseStrategy('remembering', async (session, { userId }) => {
      const { memory, id } = session.process
      seen.push(
        `user ${userId} in process ${id} after ${JSON.stringify(memory.get('last')) ?? 'nobody'}`,
      )
      await session.sql`SELECT 1`
      memory.set('last', userId)
      return ok()
    })
    await prepareLane(lane, remembering)
    const order = [place(2, buy(3)), place(1, buy(2)), place(0, buy(1))]
    await runSerially({ lane, strategy: remembering, attempts: 3 }, initial, order)
    expect(seen).toEqual([
      'user 3 in process 0 after nobody',
      'user 2 in process 1 after nobody',
      'user 1 in process 0 after 3',
    ])
  })

  test('has both connections of a strategy that needs two', async () => {
    const both = purchaseStrategy(
      'both',
      async (session) => {
        const [first] = await session.sql`SELECT pg_backend_pid() AS id`
        const [second] = await session.second.sql`SELECT pg_backend_pid() AS id`
        return first.id === second.id ? rejected('the same') : ok()
      },
      [],
      2,
    )
    await prepareLane(lane, both)
    const order = [place(1, buy(2)), place(0, buy(1))]
    const outcome = await runSerially({ lane, strategy: both, attempts: 3 }, initial, order)
    expect(outcome.order.map(({ reply }) => reply)).toEqual([ok(), ok()])
  })

  test('is a fault of the strategy where a command waits for one that has ended', async () => {
    const leaving = purchaseStrategy('leaving', async (session) => {
      await session.sql`SELECT pg_advisory_lock(77)`
      return ok()
    })
    await prepareLane(lane, leaving)
    const order = [place(0, buy(1)), place(1, buy(2)), place(2, buy(3))]
    const serial = runSerially({ lane, strategy: leaving, attempts: 3 }, initial, order)
    await expect(serial).rejects.toThrow(StrategyFault)
    await expect(serial).rejects.toThrow(
      'Strategy "leaving" waits in command 2 of a serial order, that of actor B, although all commands before it have ended: one of them has left something locked.',
    )
  })
})

describe('model and engine', () => {
  const options = (strategy: Strategy) => ({ lane, strategy, attempts: 3 })

  test('agree on a strategy that is right when it is alone', async () => {
    const { observation } = await runOf(readModifyWrite, [[buy(1)], [buy(2)]], [0, 0, 1, 0, 0, 0])
    const found = serialEquivalence(readModifyWrite.workload, observation)
    expect(found).toMatchObject({
      message:
        'No serial order leaves these rows: the nearest is B then A, where product has (id 1, stock 0) instead of (id 1, stock 1).',
    })
    const confirmed = await confirmBySerialRuns(options(readModifyWrite), observation)
    expect(confirmed).toEqual({
      tried: 2,
      of: 2,
      disagreements: [],
      reproducedBy: undefined,
      message: 'In all 2 serial orders the strategy did on the engine what the model says.',
    })
  })

  test('disagree on one that is wrong alone, and the run is one of its serial orders', async () => {
    const { observation } = await runOf(swallowing, [[buy(1)], [buy(2), buy(3)]])
    expect(serialEquivalence(swallowing.workload, observation).outcome).toBe('not serial')
    const confirmed = await confirmBySerialRuns(options(swallowing), observation)
    expect(confirmed).toMatchObject({ tried: 3, of: 3 })
    expect(confirmed.disagreements).toHaveLength(3)
    expect(confirmed.reproducedBy?.map(({ actor }) => actor)).toEqual([0, 1, 1])
    expect(confirmed.message).toBe(
      'Run alone, in 3 of 3 serial orders, the strategy does not do what the model says (A then B then B, for one): that is a mistake of its own or of the model, and needs no concurrency.',
    )
  })

  test('are compared in as many orders as wanted, the given one first', async () => {
    const { observation } = await runOf(readModifyWrite, [
      [buy(1), restock],
      [buy(2), buy(3)],
    ])
    const all = await confirmBySerialRuns(options(readModifyWrite), observation)
    expect(all).toMatchObject({ tried: 6, of: 6, disagreements: [] })
    expect(all.reproducedBy?.map(({ actor }) => actor)).toEqual([0, 0, 1, 1])
    const some = await confirmBySerialRuns(options(readModifyWrite), observation, { most: 5 })
    expect(some).toMatchObject({
      tried: 5,
      of: 6,
      message: 'In 5 of 6 serial orders the strategy did on the engine what the model says.',
    })
    const first = [place(1, buy(2)), place(1, buy(3), 1), place(0, buy(1)), place(0, restock, 1)]
    const order = first.map((each) => ({ ...each, reply: ok() }))
    const one = await confirmBySerialRuns(options(swallowing), observation, {
      first: order,
      most: 1,
    })
    expect(one.disagreements[0]?.engine.order.map(({ actor }) => actor)).toEqual([1, 1, 0, 0])
  })

  test('do what is unknown in every order', async () => {
    const record = await runOf(readModifyWrite, [[buy(1)], [buy(2)]])
    const commands = record.observation.commands.map((each) => ({ ...each, reply: unknown() }))
    const observation = { ...record.observation, commands }
    const confirmed = await confirmBySerialRuns(options(readModifyWrite), observation)
    expect(confirmed).toMatchObject({ tried: 2, of: 2, disagreements: [] })
    expect(confirmed.reproducedBy).toHaveLength(2)
  })

  test('leave out what was aborted', async () => {
    const record = await runOf(readModifyWrite, [[buy(1)], [buy(2)]])
    const [first, second] = record.observation.commands
    if (!first || !second) throw new Error('two commands were asked for')
    const commands = [first, { ...second, reply: aborted('deadlock') }]
    const observation = { ...record.observation, commands }
    expect(await confirmBySerialRuns(options(readModifyWrite), observation)).toMatchObject({
      tried: 1,
      of: 1,
    })
  })
})
