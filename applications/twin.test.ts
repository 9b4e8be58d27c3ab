import { beforeAll, describe, expect, test } from 'vitest'
import {
  defaultAttempts,
  defineApplication,
  executeRun,
  ok,
  prepareLane,
  redemption,
  rejected,
  type History,
  type Plan,
  type RunEvent,
  type RunRecord,
} from '../harness/index.ts'
import { openLane } from '../harness/testing/lane.ts'
import { differenceFromTwin } from './compare-with-twin.ts'
import { openPool } from './pg/pool.ts'
import { transaction } from './pg/transaction.ts'
import { twinOf } from './twin.ts'

/** Sends by two connections at the same time, notes something before and between, and may be refused. */
const application = defineApplication({
  name: 'two-connections',
  workload: redemption,
  summary: 'Looks at the coupon again, over another connection, before it inserts.',
  schema: ['CREATE UNIQUE INDEX redemption_once ON redemption (coupon_id, user_id)'],
  engines: ['postgres'],
  start: ({ url }) => openPool(url),
  stop: (pool) => pool.end(),
  execute: async (pool, { userId, code }, { note }) => {
    note('asked')
    const reply = transaction(pool, async (client) => {
      const coupon = 'SELECT id FROM coupon WHERE code = $1'
      const { rows } = await client.query<{ id: number }>(`${coupon} FOR SHARE`, [code])
      await pool.query(coupon, [code])
      note('found')
      const insert = 'INSERT INTO redemption (coupon_id, user_id) VALUES ($1, $2)'
      await client.query(insert, [rows[0]?.id, userId])
      return ok()
    })
    return reply.catch(() => rejected('already redeemed'))
  },
})

/** Both redeem the same coupon for the same user: B waits for what A has inserted, and is refused. */
const plan: Plan = {
  ...redemption.scenarios[0].start(2),
  schedule: [0, 0, 0, 0, 1],
  attempts: defaultAttempts,
}

const isByOther = (event: RunEvent): boolean =>
  event.kind === 'sent' && event.request.kind === 'statement' && event.request.connection === 1

const otherError = { errorClass: 'check violation', code: '23514', message: 'refused' } as const

/** Changes the events of a kind. */
function changing(kind: RunEvent['kind'], change: object): (event: RunEvent) => RunEvent[] {
  return (event) => [event.kind === kind ? { ...event, ...change } : event]
}

describe('a twin', () => {
  let original: RunRecord
  let twin: RunRecord
  beforeAll(async () => {
    const lane = await openLane('read-committed')
    try {
      await prepareLane(lane, application)
      original = await executeRun({ lane, strategy: application, plan })
      const strategy = twinOf(application, original.history)
      await prepareLane(lane, strategy)
      twin = await executeRun({ lane, strategy, plan })
    } finally {
      await lane.close()
    }
  })

  test('does what the application does: it waits, is refused, notes, and has as many connections', () => {
    expect(differenceFromTwin(original, twin, 'rows found')).toBeUndefined()
    const { history } = twin
    expect(history.filter(({ kind }) => kind === 'blocked')).toHaveLength(1)
    expect(history.filter(({ kind }) => kind === 'failed')).toHaveLength(1)
    expect(history.filter(({ kind }) => kind === 'noted')).toHaveLength(4)
    expect(history.filter(isByOther)).toHaveLength(2)
    expect(twin.observation.final['redemption']).toHaveLength(1)
  })

  const changes: readonly (readonly [string, (event: RunEvent) => readonly RunEvent[]])[] = [
    ['was told of other rows', changing('completed', { rows: [] })],
    ['was told of more rows written', changing('completed', { affectedRows: 7 })],
    ['was told of another transaction state', changing('completed', { transaction: 'failed' })],
    ['was refused inside a transaction', changing('failed', { transaction: 'open' })],
    ['was refused for another reason', changing('failed', { error: otherError })],
    ['waited for somebody else', changing('blocked', { by: [1] })],
    ['never waited', (event) => (event.kind === 'blocked' ? [] : [event])],
    ['asked for a step as somebody else', changing('parked', { actor: 1 })],
    ['noted something else', changing('noted', { text: 'asked again' })],
    ['was told something else', changing('replied', { reply: rejected('no such coupon') })],
  ]
  test.each(changes)('is found to differ from one that %s', (_, change) => {
    const record = { ...original, history: original.history.flatMap(change) }
    expect(differenceFromTwin(record, twin, 'rows found')).toMatchObject({ what: 'event' })
  })

  test('is found to differ from one that leaves other rows', () => {
    const observation = { ...original.observation, final: plan.initial }
    expect(differenceFromTwin({ ...original, observation }, twin, 'rows found')).toEqual({
      what: 'final state',
      step: 10,
      application: 'redemption has no such row',
      twin: 'redemption has (coupon_id 1, user_id 1)',
    })
  })
})

describe('a library that has an UPDATE count the rows that it has changed', () => {
  const counted = (text: string, affectedRows: number): RunRecord => {
    const request = { kind: 'statement', statement: { parts: [text], params: [] } } as const
    const completed = { kind: 'completed', rows: [], transaction: 'open' } as const
    const history: History = [
      { actor: 0, kind: 'sent', step: 1, request },
      { actor: 0, ...completed, step: 1, affectedRows },
    ]
    const state = { initial: {}, commands: [], committed: [], final: {} }
    return { history, choices: [], steps: 1, observation: state }
  }

  test.each([
    { text: 'update product SET stock = 0', application: 0, twin: 1, isSame: true },
    { text: 'update product SET stock = 0', application: 2, twin: 1, isSame: false },
    { text: 'DELETE FROM product', application: 0, twin: 1, isSame: false },
  ])('may say $application of "$text" where the twin says $twin: $isSame', (given) => {
    const found = differenceFromTwin(
      counted(given.text, given.application),
      counted(given.text, given.twin),
      'rows changed',
    )
    expect(found === undefined).toBe(given.isSame)
  })

  test('is the only one that may', () => {
    const [none, one] = [counted('UPDATE product', 0), counted('UPDATE product', 1)]
    expect(differenceFromTwin(none, one, 'rows found')).toEqual({
      what: 'event',
      step: 1,
      application: 'A gets no rows, and 0 written',
      twin: 'A gets no rows, and 1 written',
    })
  })
})

test('an application that needs a third connection has no twin', () => {
  const statement = { parts: ['SELECT 1'], params: [] }
  const request = { kind: 'statement', statement, connection: 2 } as const
  expect(() => twinOf(application, [{ actor: 0, kind: 'parked', request }])).toThrow(
    '"two-connections" uses 3 connections at the same time, and a strategy has two at most: it cannot be compared.',
  )
})
