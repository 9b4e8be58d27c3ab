import { describe, expect, test } from 'vitest'
import type { Rows } from '../databases/engine.ts'
import { exhaustive } from '../explorers/exhaustive.ts'
import type { History } from '../history.ts'
import { ok, rejected } from '../reply.ts'
import { sql, Story } from '../report/fixtures/story.ts'
import { executeRun, prepareLane, type RunRecord } from '../run.ts'
import { laneForTest } from '../testing/lane.ts'
import { purchaseStrategy } from '../testing/strategies.ts'
import { differenceBetween } from './self-check.ts'

const stock = (left: number): Rows => ({ product: [{ id: 1, stock: left }], purchase: [] })

const recordOf = (
  history: History,
  { committed = [stock(1)], final = stock(1) }: { committed?: Rows[]; final?: Rows } = {},
): RunRecord => ({
  observation: { initial: stock(1), commands: [], committed, final },
  history,
  choices: [],
  steps: history.filter(({ kind }) => kind === 'sent').length,
})

const update = sql`UPDATE product SET stock = 0 WHERE id = 1`

/** A holds the row; B and C come to wait for it, B first. */
const queue = (): Story =>
  new Story()
    .begins(0)
    .sends(0, update)
    .writes(0, 1)
    .begins(1)
    .begins(2)
    .sends(1, update)
    .waits(1, 0)
    .sends(2, update)
    .waits(2, 0)

describe('executed twice', () => {
  test('a run that is the same has no difference', () => {
    expect(differenceBetween(recordOf(queue().events), recordOf(queue().events))).toBeUndefined()
  })

  test('a run in which a statement returns something else says what, where and whose', () => {
    const told = (left: number) =>
      recordOf(
        new Story()
          .begins(0)
          .sends(0, sql`SELECT stock FROM product`)
          .returns(0, [{ stock: left }]).events,
      )
    expect(differenceBetween(told(1), told(2))).toEqual({
      what: 'event',
      step: 2,
      actor: 0,
      first: 'A gets (stock 1)',
      second: 'A gets (stock 2)',
      cause: 'unexplained',
      message:
        'Executed twice, the run differs at step 2: first A gets (stock 1), and then A gets (stock 2). Nothing in the history explains it: something outlasts a run, or time or chance decides it.',
    })
  })

  test.each([
    ['sends', new Story().begins(0), new Story().sends(0, sql`COMMIT`), 'A asks for COMMIT'],
    [
      'is told',
      new Story().begins(0).replies(0, ok()),
      new Story().begins(0).replies(0, rejected('no')),
      'A is told rejected: no',
    ],
    [
      'waits',
      queue().begins(3),
      queue().sends(3, update).waits(3, 1),
      'D asks for UPDATE product SET stock = 0 WHERE id = 1',
    ],
    ['ends', new Story().begins(0).commits(0), new Story().begins(0), 'the run has ended'],
    [
      'fails',
      new Story().sends(0, update).writes(0, 1),
      new Story()
        .sends(0, update)
        .fails(0, { errorClass: 'deadlock', code: '40P01', message: 'deadlock detected' }),
      'A is refused: deadlock (40P01: deadlock detected)',
    ],
  ])('a run in which somebody %s otherwise', (_, one, other, second) => {
    const found = differenceBetween(recordOf(one.events), recordOf(other.events))
    expect(found).toMatchObject({ what: 'event', cause: 'unexplained', second })
  })

  test('a difference that people are not shown is written out', () => {
    const found = differenceBetween(
      recordOf(new Story().sends(0, update).writes(0, 1, 'none').events),
      recordOf(new Story().sends(0, update).writes(0, 1, 'open').events),
    )
    expect(found?.first).toContain('"transaction":"none"')
    expect(found?.second).toContain('"transaction":"open"')
  })

  test('a run whose states differ, with the same history', () => {
    const { events } = queue()
    const found = differenceBetween(
      recordOf(events, { committed: [stock(1), stock(0)], final: stock(0) }),
      recordOf(events, { committed: [stock(1), stock(2)], final: stock(0) }),
    )
    expect(found).toMatchObject({
      what: 'committed state',
      first: 'product has (id 1, stock 0)',
      second: 'product has (id 1, stock 2)',
    })
    expect(
      differenceBetween(
        recordOf(events, { final: stock(0) }),
        recordOf(events, { final: stock(3) }),
      ),
    ).toMatchObject({ what: 'final state', cause: 'unexplained' })
    expect(differenceBetween(recordOf(events, { committed: [] }), recordOf(events))).toMatchObject({
      first: '0 committed states can be seen',
      second: '1 can be seen',
    })
  })

  test('rows in another order are the same', () => {
    const { events } = queue()
    const rows = [{ id: 1 }, { id: 2 }]
    expect(
      differenceBetween(
        recordOf(events, { final: { product: rows } }),
        recordOf(events, { final: { product: rows.toReversed() } }),
      ),
    ).toBeUndefined()
  })

  test('replies that differ although no event does', () => {
    const { events } = queue()
    const told = (reply: ReturnType<typeof ok>): RunRecord => {
      const record = recordOf(events)
      const commands = [{ actor: 1, command: { kind: 'purchase' }, reply, beganAt: 1, endedAt: 4 }]
      return { ...record, observation: { ...record.observation, commands } }
    }
    expect(differenceBetween(told(ok()), told(rejected('no')))).toMatchObject({
      what: 'reply',
      step: 4,
      actor: 1,
      first: 'B is told ok',
      second: 'B is told rejected: no',
    })
  })
})

describe('what the database chose', () => {
  const goesOn = (story: Story, next: number): Story => story.resumes(next).writes(next, 1)
  const first = goesOn(queue().commits(0), 1).waits(2, 1)
  const second = goesOn(queue().commits(0), 2).waits(1, 2)

  /** Its events stand in the actors' order. */
  const sorted = (story: Story): History => {
    const start = queue().commits(0).events.length
    const rest = story.events.slice(start).toSorted((a, b) => a.actor - b.actor)
    return [...story.events.slice(0, start), ...rest]
  }

  test('is the cause where one of two goes on who had waited for the same', () => {
    expect(differenceBetween(recordOf(sorted(first)), recordOf(sorted(second)))).toMatchObject({
      cause: 'database chose among several waiters',
      first: 'B goes on',
      second: 'B waits for C',
      message: expect.stringMatching(
        /The database may have chosen otherwise: B and C had waited\.$/,
      ) as unknown,
    })
  })

  describe('of two who share a lock since they were released together', () => {
    const share = sql`SELECT stock FROM product WHERE id = 1 FOR SHARE`
    /** B and C come to share what A had; A comes back, and waits for one of them. */
    const sharing = (): Story =>
      queue().commits(0).resumes(1).returns(1, []).resumes(2).returns(2, []).begins(0)
    const waitsFor = (story: Story, ...by: readonly number[]) =>
      recordOf(story.sends(0, update).waits(0, ...by).events)

    test('is whom somebody waits for later', () => {
      expect(differenceBetween(waitsFor(sharing(), 1), waitsFor(sharing(), 2))).toMatchObject({
        cause: 'database chose among several waiters',
        first: 'A waits for B',
        second: 'A waits for C',
        message: expect.stringContaining('B and C had waited.') as unknown,
      })
    })

    test('is no excuse for a wait that is only there once', () => {
      const other = sharing().sends(0, update).writes(0, 1).events
      expect(differenceBetween(waitsFor(sharing(), 1), recordOf(other))?.cause).toBe('unexplained')
    })

    test('is whether a wait closes a circle', () => {
      const refused = sharing()
        .sends(0, update)
        .fails(0, { errorClass: 'deadlock', code: '40P01', message: 'deadlock detected' })
      expect(differenceBetween(waitsFor(sharing(), 2), recordOf(refused.events))).toMatchObject({
        cause: 'database chose among several waiters',
        first: 'A waits for C',
      })
    })

    test('is no excuse once one of them has begun another transaction', () => {
      const later = () => sharing().commits(1).begins(1).sends(1, share).returns(1, [])
      const found = differenceBetween(waitsFor(later(), 1), waitsFor(later(), 2))
      expect(found?.cause).toBe('unexplained')
    })

    test('is no excuse where each was released at a time of its own', () => {
      const apart = () =>
        queue().commits(0).resumes(1).returns(1, []).begins(0).resumes(2).returns(2, [])
      const found = differenceBetween(waitsFor(apart(), 1), waitsFor(apart(), 2))
      expect(found?.cause).toBe('unexplained')
    })
  })

  test('is no excuse where only one had waited', () => {
    const one = () =>
      new Story().begins(0).sends(0, update).writes(0, 1).sends(1, update).waits(1, 0).commits(0)
    const found = differenceBetween(
      recordOf(one().resumes(1).writes(1, 1).events),
      recordOf(one().resumes(1).writes(1, 0).events),
    )
    expect(found).toMatchObject({ cause: 'unexplained' })
  })

  test('is no excuse where another had waited, and has gone on since', () => {
    const one = () =>
      goesOn(goesOn(queue().commits(0), 1), 2)
        .begins(0)
        .waits(2, 0)
        .commits(0)
    const found = differenceBetween(
      recordOf(one().resumes(2).writes(2, 1).events),
      recordOf(one().resumes(2).writes(2, 0).events),
    )
    expect(found).toMatchObject({ cause: 'unexplained' })
  })

  test('is no excuse where the one who released them went another way', () => {
    const other = queue()
      .sends(0, sql`COMMIT`)
      .fails(0, { errorClass: 'other', code: '1', message: 'no' }, 'none')
    const found = differenceBetween(
      recordOf(sorted(first)),
      recordOf([...other.events, ...sorted(second).slice(-4)]),
    )
    expect(found).toMatchObject({ cause: 'unexplained' })
  })

  test('is no excuse where those who waited did not wait for the one that went on', () => {
    const apart = () =>
      new Story()
        .begins(0)
        .begins(3)
        .sends(1, update)
        .waits(1, 0)
        .sends(2, update)
        .waits(2, 3)
        .commits(0)
        .resumes(1)
    const found = differenceBetween(
      recordOf(apart().writes(1, 1).events),
      recordOf(apart().writes(1, 0).events),
    )
    expect(found).toMatchObject({ cause: 'unexplained' })
  })

  test('is no excuse where nobody went on', () => {
    const found = differenceBetween(
      recordOf(queue().commits(0).waits(1, 2).events),
      recordOf(queue().commits(0).waits(2, 1).events),
    )
    expect(found).toMatchObject({ cause: 'unexplained' })
  })

  test('is no excuse for what differs steps later', () => {
    const later = (left: number): History =>
      new Story()
        .begins(0)
        .waits(1, 0)
        .waits(2, 0)
        .commits(0)
        .resumes(1)
        .resumes(2)
        .sends(1, sql`SELECT stock FROM product`)
        .returns(1, [{ stock: left }]).events
    expect(differenceBetween(recordOf(later(1)), recordOf(later(2)))).toMatchObject({
      cause: 'unexplained',
      step: 3,
    })
  })
})

describe('on PostgreSQL', () => {
  const buy = (userId: number) => ({ kind: 'purchase', userId, productId: 1, quantity: 1 })
  const plan = { initial: stock(5), actors: [[buy(1)], [buy(2)]], schedule: [], attempts: 3 }

  test('every schedule is the same twice', async () => {
    const lane = await laneForTest()
    const strategy = purchaseStrategy('steady', (session) =>
      session.transaction(async (tx) => {
        await tx.sql`UPDATE product SET stock = stock - 1 WHERE id = 1`
        return ok()
      }),
    )
    await prepareLane(lane, strategy)
    const search = exhaustive.search()
    for (let choose = search.next(); choose; choose = search.next()) {
      const first = await executeRun({ lane, strategy, plan, choose })
      const schedule = first.choices.map(({ chosen }) => chosen)
      const second = await executeRun({ lane, strategy, plan: { ...plan, schedule } })
      expect(differenceBetween(first, second)).toBeUndefined()
    }
  })

  test('what a strategy keeps between runs shows', async () => {
    const lane = await laneForTest()
    let calls = 0
    const counting = purchaseStrategy('counting', async (session) => {
      calls += 1
      await session.sql`UPDATE product SET stock = ${calls} WHERE id = 1`
      return ok()
    })
    await prepareLane(lane, counting)
    const [first, second] = [
      await executeRun({ lane, strategy: counting, plan }),
      await executeRun({ lane, strategy: counting, plan }),
    ]
    expect(differenceBetween(first, second)?.message).toBe(
      'Executed twice, the run differs before its first step: first A asks for UPDATE product SET stock = 1 WHERE id = 1, and then A asks for UPDATE product SET stock = 3 WHERE id = 1. Nothing in the history explains it: something outlasts a run, or time or chance decides it.',
    )
  })
})
