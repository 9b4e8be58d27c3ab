import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isDatabaseError, type ErrorClass } from '../databases/database-error.ts'
import type { Lane } from '../databases/engine.ts'
import { Fault, HarnessFault, Standstill, StepLimitReached, StrategyFault } from '../errors.ts'
import { defaultLimits } from '../limits.ts'
import type { Plan } from '../plan.ts'
import { aborted, ok, type Reply } from '../reply.ts'
import { executeRun, prepareLane } from '../run.ts'
import type { Session } from '../session.ts'
import { openLane } from '../testing/lane.ts'
import { oppositeOrder, purchaseStrategy } from '../testing/strategies.ts'
import { describeLiveness, Liveness } from './liveness.ts'

let lane: Lane
beforeAll(async () => {
  lane = await openLane()
})
afterAll(() => lane.close())

const buy = (userId: number, productId: number) => ({
  kind: 'purchase',
  userId,
  productId,
  quantity: 1,
})
const plan: Plan = {
  initial: {
    product: [
      { id: 1, stock: 5 },
      { id: 2, stock: 5 },
    ],
    purchase: [],
  },
  actors: [[buy(1, 1)], [buy(2, 2)]],
  schedule: [],
  attempts: 3,
}

type Execute = (session: Session) => Promise<Reply>

/** What liveness says of one run. */
async function after(strategy: ReturnType<typeof purchaseStrategy>, changes: Partial<Plan> = {}) {
  const liveness = new Liveness()
  await prepareLane(lane, strategy)
  const limits = { ...defaultLimits, statementMs: 400, steps: 40 }
  const changed = { ...plan, ...changes }
  try {
    liveness.add(await executeRun({ lane, strategy, plan: changed, limits }), changed)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    liveness.addFault(error)
  }
  return liveness.summary()
}

const nothing = {
  runs: 1,
  commands: 2,
  aborted: {},
  attemptsUsedUp: 0,
  runsWithoutProgress: 0,
  standstills: 0,
  endless: 0,
  refusedInEndless: 0,
}

/** Refused with a class of error that is worth another try, each time. */
const refusing = (session: Session): Promise<Reply> =>
  session.transaction(async (tx) => {
    await tx.sql`DO $$ BEGIN RAISE EXCEPTION 'not now' USING ERRCODE = '40001'; END $$`
    return ok()
  })

const retrying =
  (attempts: number): Execute =>
  async (session) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await refusing(session)
      } catch (error) {
        if (!isDatabaseError(error) || attempt >= attempts) throw error
      }
    }
  }

describe('one run', () => {
  test('in which everybody comes to an end has nothing to tell', async () => {
    const fine = purchaseStrategy('fine', async (session) => {
      await session.sql`SELECT 1`
      return ok()
    })
    const summary = await after(fine)
    expect(summary).toEqual(nothing)
    expect(describeLiveness(summary)).toBeUndefined()
  })

  test('with a deadlock has one command aborted, which made only one attempt', async () => {
    const summary = await after(oppositeOrder, { schedule: [0, 0, 1, 0, 1, 1] })
    expect(summary).toEqual({ ...nothing, aborted: { deadlock: 1 } })
    expect(describeLiveness(summary)).toBe('1 of 2 commands aborted (1 deadlock)')
  })

  test.each([
    [2, 0],
    [3, 2],
    [4, 2],
  ])('with %i attempts of 3 at each command has %i used up', async (attempts, used) => {
    const summary = await after(purchaseStrategy('retrying', retrying(attempts)))
    expect(summary).toEqual({
      ...nothing,
      aborted: { 'serialization failure': 2 },
      attemptsUsedUp: used,
      runsWithoutProgress: 1,
    })
  })

  test('counts attempts without a transaction, and those that are rolled back for a conflict', async () => {
    const outside = purchaseStrategy('outside', async (session) => {
      for (let attempt = 0; attempt < 3; attempt++) {
        await session.sql`
          DO $$ BEGIN RAISE EXCEPTION 'not now' USING ERRCODE = '40001'; END $$`.catch(() => {})
      }
      return aborted('serialization failure')
    })
    expect(await after(outside)).toMatchObject({ attemptsUsedUp: 2 })
    const conflicting = purchaseStrategy('conflicting', async (session) => {
      for (let attempt = 0; attempt < 3; attempt++) {
        await session.transaction(async (tx) => {
          await tx.sql`SELECT 1`
          return aborted('conflict')
        })
      }
      return aborted('conflict')
    })
    expect(await after(conflicting)).toMatchObject({
      aborted: { conflict: 2 },
      attemptsUsedUp: 2,
    })
  })

  test('with an error that no retry helps has no attempts used up', async () => {
    const wrong = purchaseStrategy('wrong', (session) =>
      session.transaction(async (tx) => {
        await tx.sql`SELECT 1 / 0`
        return ok()
      }),
    )
    expect(await after(wrong, { attempts: 1 })).toMatchObject({
      aborted: { other: 2 },
      attemptsUsedUp: 0,
    })
  })

  test('counts the attempts of each command by itself', async () => {
    const once = purchaseStrategy('once', retrying(1))
    const actors = [[buy(1, 1), buy(1, 1), buy(1, 1)]]
    expect(await after(once, { actors })).toMatchObject({ commands: 3, attemptsUsedUp: 0 })
  })

  test('that came to a standstill', async () => {
    const both = purchaseStrategy(
      'both',
      async (session) => {
        await session.transaction(async (tx) => {
          await tx.sql`SELECT id FROM product WHERE id = 1 FOR UPDATE`
          await session.second.sql`SELECT id FROM product WHERE id = 1 FOR UPDATE`
        })
        return ok()
      },
      [],
      2,
    )
    const summary = await after(both)
    expect(summary).toEqual({ ...nothing, runs: 0, commands: 0, standstills: 1 })
    expect(describeLiveness(summary)).toBe('1 run in which everybody waited for ever')
  })

  test('that never ended, with what was refused in it', async () => {
    const summary = await after(purchaseStrategy('endless', retrying(Infinity)))
    expect(summary).toMatchObject({ runs: 0, endless: 1 })
    expect(summary.refusedInEndless).toBeGreaterThan(10)
    expect(describeLiveness(summary)).toMatch(
      /^1 run without an end, after \d+ refused statements$/,
    )
  })
})

describe('many runs', () => {
  test('are added up, and other faults are none of this', () => {
    const liveness = new Liveness()
    for (const fault of [new StrategyFault('x'), new HarnessFault('x')]) liveness.addFault(fault)
    liveness.addFault(new Standstill('x'))
    liveness.addFault(new StepLimitReached('x', 0))
    expect(liveness.summary()).toEqual({
      ...nothing,
      runs: 0,
      commands: 0,
      standstills: 1,
      endless: 1,
    })
  })

  test('are told in one line', () => {
    const aborts: Partial<Record<ErrorClass, number>> = { deadlock: 10, 'lock timeout': 2 }
    expect(
      describeLiveness({
        runs: 42,
        commands: 1084,
        aborted: aborts,
        attemptsUsedUp: 3,
        runsWithoutProgress: 2,
        standstills: 1,
        endless: 2,
        refusedInEndless: 0,
      }),
    ).toBe(
      '12 of 1,084 commands aborted (10 deadlock, 2 lock timeout); 3 with all attempts used up; in 2 runs every command was aborted; 1 run in which everybody waited for ever; 2 runs without an end',
    )
  })
})
