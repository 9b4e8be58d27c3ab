import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { replaying, traceOf } from './counterexample/trace.ts'
import type { Lane } from './databases/engine.ts'
import { HarnessFault } from './errors.ts'
import { exhaustive } from './explorers/exhaustive.ts'
import type { Grain } from './grain.ts'
import { actorName } from './history.ts'
import type { Plan } from './plan.ts'
import { describeReply, ok } from './reply.ts'
import { executeRun, judge, prepareLane, type RunRecord } from './run.ts'
import { describeStep } from './session.ts'
import { defineStrategy, type Strategy } from './strategy.ts'
import { openLane } from './testing/lane.ts'
import { insertWhereNotExists, oneUserTwice, purchaseStrategy } from './testing/strategies.ts'

let lane: Lane
beforeAll(async () => {
  lane = await openLane()
})
afterAll(() => lane.close())

const insert = `INSERT INTO redemption (coupon_id, user_id) SELECT id, 1 FROM coupon WHERE code = 'C1' AND NOT EXISTS (SELECT 1 FROM redemption WHERE coupon_id = coupon.id AND user_id = 1)`

const twice: Plan = { ...oneUserTwice, schedule: [0, 1, 0, 1] }

const buy = (userId: number, productId = 1) => ({
  kind: 'purchase',
  userId,
  productId,
  quantity: 1,
})
const twoBuyers: Plan = {
  initial: {
    product: [
      { id: 1, stock: 5 },
      { id: 2, stock: 5 },
    ],
    purchase: [],
  },
  actors: [[buy(1, 1)], [buy(2, 2)]],
  schedule: [],
  attempts: 1,
}

/** What happened, one line for each event that people would name. */
const transcript = ({ history }: RunRecord): string[] =>
  history.flatMap((event) => {
    const who = actorName(event.actor)
    if (event.kind === 'parked') return event.request.kind === 'phase' ? [`${who} stops`] : []
    if (event.kind === 'sent') return [`${who} ${describeStep(event.request)}`]
    if (event.kind === 'blocked') return [`${who} waits for ${event.by.map(actorName).join()}`]
    if (event.kind === 'unblocked') return [`${who} resumes`]
    if (event.kind === 'failed') return [`${who} fails: ${event.error.errorClass}`]
    if (event.kind === 'replied') return [`${who} = ${describeReply(event.reply)}`]
    return []
  })

/** Every schedule of a plan, in the explorer's order. */
async function everyRun(strategy: Strategy, plan: Plan, grain: Grain): Promise<RunRecord[]> {
  await prepareLane(lane, strategy, grain)
  const search = exhaustive.search()
  const records: RunRecord[] = []
  for (let choose = search.next(); choose; choose = search.next()) {
    records.push(await executeRun({ lane, strategy, plan, choose, grain }))
  }
  return records
}

const broken = (strategy: Strategy, records: readonly RunRecord[]): number =>
  records.filter((record) => judge(strategy, record).length > 0).length

describe('a race inside statements', () => {
  test('is seen in no schedule of whole statements, and in four of six that stop inside them', async () => {
    const whole = await everyRun(insertWhereNotExists, twice, 'statement')
    expect(whole).toHaveLength(2)
    expect(broken(insertWhereNotExists, whole)).toBe(0)
    const inside = await everyRun(insertWhereNotExists, twice, 'phase')
    expect(inside).toHaveLength(6)
    expect(broken(insertWhereNotExists, inside)).toBe(4)
    const again = await everyRun(insertWhereNotExists, twice, 'phase')
    expect(again.map(transcript)).toEqual(inside.map(transcript))
  })

  test('is one that a strategy with a unique constraint does not have', async () => {
    const constrained = defineStrategy({
      ...insertWhereNotExists,
      name: 'constrained',
      summary: 'For a test.',
      schema: ['ALTER TABLE redemption ADD UNIQUE (coupon_id, user_id)'],
      execute: (session, command) => insertWhereNotExists.handler('redeem')(session, command),
    })
    const inside = await everyRun(constrained, twice, 'phase')
    expect(broken(constrained, inside)).toBe(0)
    const errors = inside.filter((record) =>
      transcript(record).some((line) => line.endsWith('fails: unique violation')),
    )
    expect(errors).toHaveLength(4)
  })

  test('gives the same history 50 times of 50', async () => {
    await prepareLane(lane, insertWhereNotExists, 'phase')
    const histories = new Set<string>()
    for (let run = 0; run < 50; run++) {
      const record = await executeRun({
        lane,
        strategy: insertWhereNotExists,
        plan: twice,
        grain: 'phase',
      })
      histories.add(JSON.stringify(record.history))
      expect(transcript(record)).toEqual([
        `A ${insert}`,
        'A stops',
        `B ${insert}`,
        'B stops',
        `B the rest of ${insert}`,
        'B = ok',
        `A the rest of ${insert}`,
        'A = ok',
      ])
    }
    expect(histories.size).toBe(1)
  })

  test('is replayed as it was recorded', async () => {
    await prepareLane(lane, insertWhereNotExists, 'phase')
    const run = { lane, strategy: insertWhereNotExists, plan: twice, grain: 'phase' } as const
    const recorded = await executeRun(run)
    const { choose, finish } = replaying(
      recorded.choices.map(({ chosen }) => chosen),
      traceOf(recorded.choices),
    )
    const replayed = await executeRun({ ...run, choose })
    finish()
    expect(replayed.history).toEqual(recorded.history)
  })
})

describe('an actor whose statement has stopped', () => {
  const takeOne = purchaseStrategy('take-one', (session, { productId }) =>
    session.transaction(async (tx) => {
      await tx.sql`UPDATE product SET stock = stock - 1 WHERE id = ${productId}`
      return ok()
    }),
  )
  const update = 'UPDATE product SET stock = stock - 1 WHERE id = 1'

  test('keeps others waiting, who stop when they go on', async () => {
    await prepareLane(lane, takeOne, 'phase')
    const plan = { ...twoBuyers, actors: [[buy(1)], [buy(2)]], schedule: [0, 0, 1, 0, 1] }
    const record = await executeRun({ lane, strategy: takeOne, plan, grain: 'phase' })
    expect(transcript(record)).toEqual([
      'A BEGIN',
      `A ${update}`,
      'A stops',
      'B BEGIN',
      `B ${update}`,
      'B waits for A',
      `A the rest of ${update}`,
      'A COMMIT',
      'A = ok',
      'B resumes',
      'B stops',
      `B the rest of ${update}`,
      'B COMMIT',
      'B = ok',
    ])
    expect(record.observation.final['product']?.[0]).toEqual({ id: 1, stock: 3 })
  })

  test('stops again in each statement that writes, as long as it runs', async () => {
    const twoWrites = purchaseStrategy('two-writes', (session, { productId }) =>
      session.transaction(async (tx) => {
        await tx.sql`UPDATE product SET stock = 4 WHERE id = ${productId}`
        await tx.sql`UPDATE product SET stock = 9 WHERE id = ${9}`
        await tx.sql`UPDATE product SET stock = 3 WHERE id = ${productId}`
        return ok()
      }),
    )
    await prepareLane(lane, twoWrites, 'phase')
    const plan = { ...twoBuyers, actors: [[buy(1), buy(1)]] }
    for (let run = 0; run < 3; run++) {
      const lines = transcript(
        await executeRun({ lane, strategy: twoWrites, plan, grain: 'phase' }),
      )
      const once = [
        'A BEGIN',
        'A UPDATE product SET stock = 4 WHERE id = 1',
        'A stops',
        'A the rest of UPDATE product SET stock = 4 WHERE id = 1',
        'A UPDATE product SET stock = 9 WHERE id = 9',
        'A UPDATE product SET stock = 3 WHERE id = 1',
        'A stops',
        'A the rest of UPDATE product SET stock = 3 WHERE id = 1',
        'A COMMIT',
        'A = ok',
      ]
      expect(lines).toEqual([...once, ...once])
    }
  })

  test('is seen at every commit as having written nothing yet', async () => {
    const restock = purchaseStrategy('restock', async ({ sql }, { productId }) => {
      await sql`UPDATE product SET stock = stock + 1 WHERE id = ${productId}`
      return ok()
    })
    await prepareLane(lane, restock, 'phase')
    const plan = { ...twoBuyers, schedule: [0, 1, 0, 1] }
    const { observation } = await executeRun({ lane, strategy: restock, plan, grain: 'phase' })
    const stocks = observation.committed.map(({ product }) => product?.map(({ stock }) => stock))
    expect(stocks).toEqual([
      [5, 6],
      [6, 6],
    ])
  })

  test('is the victim of a deadlock that the rest of its statement closes, 20 times of 20', async () => {
    const both = purchaseStrategy('both', (session, { productId }) =>
      session.transaction(async (tx) => {
        if (productId === 1) await tx.sql`UPDATE product SET stock = 1`
        else {
          await tx.sql`SELECT id FROM product WHERE id = 2 FOR UPDATE`
          await tx.sql`SELECT id FROM product WHERE id = 1 FOR UPDATE`
        }
        return ok()
      }),
    )
    await prepareLane(lane, both, 'phase')
    const plan = { ...twoBuyers, schedule: [1, 0, 1, 0, 1, 1] }
    for (let run = 0; run < 20; run++) {
      const record = await executeRun({ lane, strategy: both, plan, grain: 'phase' })
      expect(transcript(record)).toEqual([
        'B BEGIN',
        'B SELECT id FROM product WHERE id = 2 FOR UPDATE',
        'A BEGIN',
        'A UPDATE product SET stock = 1',
        'A stops',
        'B SELECT id FROM product WHERE id = 1 FOR UPDATE',
        'B waits for A',
        'A the rest of UPDATE product SET stock = 1',
        'A fails: deadlock',
        'B resumes',
        'A ROLLBACK',
        'A = aborted: deadlock',
        'B COMMIT',
        'B = ok',
      ])
    }
  })

  test('on its second connection goes on there', async () => {
    const elsewhere = purchaseStrategy(
      'elsewhere',
      (session) =>
        session.transaction(async (tx) => {
          await tx.sql`UPDATE product SET stock = 4 WHERE id = 1`
          await session.second.sql`UPDATE product SET stock = 4 WHERE id = 2`
          return ok()
        }),
      [],
      2,
    )
    await prepareLane(lane, elsewhere, 'phase')
    const plan = { ...twoBuyers, actors: [[buy(1)]] }
    const record = await executeRun({ lane, strategy: elsewhere, plan, grain: 'phase' })
    const second = 'UPDATE product SET stock = 4 WHERE id = 2 (connection 2)'
    expect(transcript(record)).toEqual([
      'A BEGIN',
      'A UPDATE product SET stock = 4 WHERE id = 1',
      'A stops',
      'A the rest of UPDATE product SET stock = 4 WHERE id = 1',
      `A ${second}`,
      'A stops',
      `A the rest of ${second}`,
      'A COMMIT',
      'A = ok',
    ])
  })

  test('can be interrupted, and the lane is as good as new', async () => {
    await prepareLane(lane, takeOne, 'phase')
    const interruption = new AbortController()
    const run = { lane, strategy: takeOne, plan: twoBuyers, grain: 'phase' } as const
    const interrupted = executeRun({
      ...run,
      signal: interruption.signal,
      choose: ({ requests: [next] }) => {
        if (next?.kind === 'phase') interruption.abort()
        return 0
      },
    })
    await expect(interrupted).rejects.toThrow('The run was interrupted.')
    const lines = transcript(await executeRun(run))
    expect(lines.filter((line) => line.endsWith(' stops'))).toEqual(['A stops', 'B stops'])
  })
})

test.for([
  ['statement', 'phase'],
  ['phase', 'statement'],
] as const)(
  'a lane that is prepared for grain %s is refused for grain %s',
  async ([one, other]) => {
    await prepareLane(lane, insertWhereNotExists, one)
    await expect(
      executeRun({ lane, strategy: insertWhereNotExists, plan: twice, grain: other }),
    ).rejects.toThrow(new HarnessFault(`The lane was not prepared for grain "${other}".`))
  },
)
