import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Lane } from './databases/engine.ts'
import { connect, withDatabase } from './databases/engines/postgres/client.ts'
import { DatabaseFault, HarnessFault, StrategyFault } from './errors.ts'
import { exhaustive } from './explorers/exhaustive.ts'
import { defaultLimits } from './limits.ts'
import type { History } from './history.ts'
import type { Plan } from './plan.ts'
import { ok, type Reply } from './reply.ts'
import { executeRun, judge, prepareLane, type RunRecord } from './run.ts'
import { planned, type Chooser } from './scheduler/choice.ts'
import type { Session } from './session.ts'
import type { Strategy } from './strategy.ts'
import { openLane, testServer } from './testing/lane.ts'
import { oppositeOrder, purchaseStrategy } from './testing/strategies.ts'
import { showStatement } from './databases/statement.ts'

let lane: Lane
beforeAll(async () => {
  lane = await openLane()
})
afterAll(() => lane.close())

const limits = { ...defaultLimits, statementMs: 400, strategyMs: 400 }

const buy = (userId: number, productId: number) =>
  ({ kind: 'purchase', userId, productId, quantity: 1 }) as const

const planOf = (actors: Plan['actors'], schedule: readonly number[] = []): Plan => ({
  initial: {
    product: [
      { id: 1, stock: 5 },
      { id: 2, stock: 5 },
    ],
    purchase: [],
  },
  actors,
  schedule,
  attempts: 3,
})
const two = planOf([[buy(1, 1)], [buy(2, 2)]])

async function runOf(strategy: Strategy, plan: Plan = two): Promise<RunRecord> {
  await prepareLane(lane, strategy)
  return executeRun({ lane, strategy, plan, limits })
}

/** The history as a few words per event. */
const transcript = (record: RunRecord): string[] =>
  record.history.flatMap((event) => {
    const who = 'AB'.charAt(event.actor)
    if (event.kind === 'sent' && event.request.kind === 'statement') {
      return [`${who} ${showStatement(event.request.statement)}`]
    }
    if (event.kind === 'sent') return [`${who} sleeps`]
    if (event.kind === 'blocked') return [`${who} waits for ${event.by.join()}`]
    if (event.kind === 'unblocked') return [`${who} resumes`]
    if (event.kind === 'failed') return [`${who} fails: ${event.error.errorClass}`]
    if (event.kind === 'replied') return [`${who} = ${event.reply.kind}`]
    return []
  })

describe('one run', () => {
  const locking = purchaseStrategy('locking', (session, { productId }) =>
    session.transaction(async (tx) => {
      await tx.sql`SELECT id FROM product WHERE id = ${productId} FOR UPDATE`
      await tx.sql`UPDATE product SET stock = stock - 1 WHERE id = ${productId}`
      return ok()
    }),
  )

  test('choices are followed, waits are confirmed, and the woken actor goes on at once', async () => {
    const plan = planOf([[buy(1, 1)], [buy(2, 1)]], [0, 0, 1, 0])
    expect(transcript(await runOf(locking, plan))).toEqual([
      'A BEGIN',
      'A SELECT id FROM product WHERE id = 1 FOR UPDATE',
      'B BEGIN',
      'B SELECT id FROM product WHERE id = 1 FOR UPDATE',
      'B waits for 0',
      'A UPDATE product SET stock = stock - 1 WHERE id = 1',
      'A COMMIT',
      'A = ok',
      'B resumes',
      'B UPDATE product SET stock = stock - 1 WHERE id = 1',
      'B COMMIT',
      'B = ok',
    ])
  })

  test('a chooser is told all that has happened, and is asked when nothing moves', async () => {
    const told: History[] = []
    const plan = planOf([[buy(1, 1)], [buy(2, 1)]])
    const choose: Chooser = (point, history) => {
      told.push([...(history?.() ?? [])])
      return planned([0, 0, 1, 0])(point)
    }
    const record = await executeRun({ lane, strategy: locking, plan, choose })
    const ends = told.map((events) => events.length)
    expect(told).toEqual(ends.map((end) => record.history.slice(0, end)))
    const last = told.map((events) => events.at(-1)?.kind ?? 'none')
    expect(last.join(' ')).toBe('parked parked parked parked blocked parked parked parked')
    await expect(runOf(locking, { ...plan, schedule: [0, 0, 1, 0] })).resolves.toMatchObject({
      history: record.history,
    })
  })

  test('the state after every commit is kept, and the last one is final', async () => {
    const { observation } = await runOf(locking, planOf([[buy(1, 1), buy(1, 1)]]))
    const stocks = observation.committed.map((state) => state['product']?.[0]?.['stock'])
    expect(stocks).toEqual([4, 3])
    expect(observation.final['product']?.[0]).toEqual({ id: 1, stock: 3 })
    expect(observation.commands.map(({ beganAt, endedAt }) => [beganAt, endedAt])).toEqual([
      [1, 4],
      [5, 8],
    ])
  })

  test('a command begins with its first step, not when its actor starts', async () => {
    const restock = { kind: 'restock', productId: 1, quantity: 1 }
    const plan = planOf([[buy(1, 1)], [restock]], [1])
    const { observation } = await runOf(locking, plan)
    expect(observation.commands.map(({ command, beganAt }) => [command.kind, beganAt])).toEqual([
      ['restock', 1],
      ['purchase', 2],
    ])
  })

  test('a sleep is a scheduling point and takes no time', async () => {
    const sleeper = purchaseStrategy('sleeper', async (session) => {
      await session.sleep(3_600_000)
      await session.sql`SELECT 1`
      return ok()
    })
    expect(transcript(await runOf(sleeper, planOf([[buy(1, 1)], [buy(2, 1)]], [0, 1])))).toEqual([
      'A sleeps',
      'B sleeps',
      'B SELECT 1',
      'B = ok',
      'A SELECT 1',
      'A = ok',
    ])
  })

  test('a rejected reply rolls back, and so does an error', async () => {
    const failing = purchaseStrategy('failing', (session, { userId }) =>
      session.transaction(async (tx) => {
        await tx.sql`UPDATE product SET stock = 0`
        if (userId === 1) return { kind: 'rejected', reason: 'no' }
        await tx.sql`SELECT 1 / 0`
        return ok()
      }),
    )
    const record = await runOf(failing, planOf([[buy(1, 1)], [buy(2, 1)]]))
    expect(record.observation.commands.map(({ reply }) => reply)).toEqual([
      { kind: 'rejected', reason: 'no' },
      { kind: 'aborted', error: 'other' },
    ])
    expect(record.observation.final).toEqual(two.initial)
  })

  test('a deadlock has the same victim in 100 of 100 runs', async () => {
    await prepareLane(lane, oppositeOrder)
    const schedule = [0, 0, 1, 0, 1, 1]
    const transcripts = new Set<string>()
    for (let run = 0; run < 100; run++) {
      const record = await executeRun({ lane, strategy: oppositeOrder, plan: { ...two, schedule } })
      transcripts.add(transcript(record).join('\n'))
    }
    expect([...transcripts]).toEqual([
      [
        'A BEGIN',
        'A SELECT id FROM product WHERE id = 1 FOR UPDATE',
        'B BEGIN',
        'B SELECT id FROM product WHERE id = 2 FOR UPDATE',
        'A SELECT id FROM product WHERE id = 2 FOR UPDATE',
        'A waits for 1',
        'B SELECT id FROM product WHERE id = 1 FOR UPDATE',
        'B fails: deadlock',
        'A resumes',
        'B ROLLBACK',
        'B = aborted',
        'A COMMIT',
        'A = ok',
      ].join('\n'),
    ])
  })

  test('all schedules of a deadlocking strategy end, and each one alike when run again', async () => {
    await prepareLane(lane, oppositeOrder)
    const all = async (): Promise<string[]> => {
      const search = exhaustive.search()
      const seen: string[] = []
      for (let choose = search.next(); choose; choose = search.next()) {
        const record = await executeRun({ lane, strategy: oppositeOrder, plan: two, choose })
        seen.push(transcript(record).join('\n'))
      }
      return seen
    }
    const first = await all()
    expect(new Set(first).size).toBe(first.length)
    expect(first.filter((each) => each.includes('deadlock')).length).toBeGreaterThan(3)
    expect(await all()).toEqual(first)
  })
})

describe('what cannot be judged is a fault', () => {
  const misbehaving = (execute: (session: Session) => Promise<unknown>): Strategy =>
    purchaseStrategy('odd', execute as (session: Session) => Promise<Reply>)

  test.for([
    [
      'hangs',
      () => new Promise(() => {}),
      'Strategy "odd" hangs: actor A, B neither sent a statement nor ended within 400 ms. Waiting goes through session.sleep, and every statement through the session.',
    ],
    [
      'never queries',
      () => Promise.resolve(ok()),
      'Strategy "odd" sent no statement, so there was nothing to interleave: its statements must go through the session it is given.',
    ],
    [
      'throws a string',
      async (session: Session) => {
        await session.sql`SELECT 1`
        throw 'oops' // oxlint-disable-line typescript/only-throw-error -- what is tested
      },
      'Strategy "odd" threw the string "oops" in purchase(user 1, 1 of product 1) of actor A: only errors of the database may leave a strategy.',
    ],
    [
      'leaves its transaction open',
      async (session: Session) => {
        await session.sql`BEGIN`
        return ok()
      },
      'Strategy "odd" ended purchase(user 1, 1 of product 1) of actor A with its transaction open: it must COMMIT or ROLLBACK.',
    ],
    [
      'sends two statements at once',
      async (session: Session) => {
        await Promise.all([session.sql`SELECT 1`, session.sql`SELECT 2`])
        return ok()
      },
      'Strategy "odd" sent "SELECT 2" as actor A while "SELECT 1" was still under way: a session does one statement at a time, so await each before the next.',
    ],
    [
      'does not await a statement',
      (session: Session) => {
        void session.sql`SELECT 1`
        return Promise.resolve(ok())
      },
      'Strategy "odd" ended purchase(user 1, 1 of product 1) of actor A while a statement was still under way: await every one.',
    ],
    [
      'returns nothing',
      async (session: Session) => {
        await session.sql`SELECT 1`
      },
      'Strategy "odd" returned the value undefined from purchase(user 1, 1 of product 1) of actor A: it must return ok(), rejected(reason) or aborted(error).',
    ],
    [
      'comes to a standstill',
      async (session: Session) => {
        await session.sql`SELECT pg_advisory_lock(7)`
        return ok()
      },
      'Strategy "odd" came to a standstill: actor B is in "SELECT pg_advisory_lock(7)", waiting for A; nobody is left to go on, and the database did not break it within 400 ms.',
    ],
  ] as const)('a strategy that %s', async ([, execute, message]) => {
    const error = await runOf(misbehaving(execute)).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(StrategyFault)
    expect((error as Error).message).toBe(message)
    // The lane is as good as new.
    const record = await runOf(oppositeOrder, planOf([[buy(1, 1)]]))
    expect(record.observation.commands[0]?.reply).toEqual(ok())
  })

  test('a strategy that never ends', async () => {
    const endless = misbehaving(async (session) => {
      for (;;) await session.sql`SELECT 1`
    })
    const error = await runOf(endless).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(HarnessFault)
    expect((error as Error).message).toBe(
      'The run was stopped after 500 steps: strategy "odd" may never end. A retry loop has to stop after session.attempts.',
    )
  })

  test('a wait for somebody who is not of the run', async () => {
    const strategy = purchaseStrategy('writer', async (session) => {
      await session.sql`UPDATE product SET stock = 1`
      return ok()
    })
    await prepareLane(lane, strategy)
    const stranger = await connect(withDatabase(testServer().url, lane.database))
    try {
      await lane.reset(two.initial)
      await stranger.query('BEGIN; SELECT * FROM product FOR SHARE')
      const blocked = purchaseStrategy('blocked', async (session) => {
        await session.sql`SELECT id FROM product FOR UPDATE`
        return ok()
      })
      // The reset writes the same rows, so it would wait too: this run starts from what is there.
      const untouched: Lane = Object.create(lane, { reset: { value: () => Promise.resolve() } })
      const sessions = await lane.sessions(2)
      Object.defineProperty(untouched, 'stops', { value: false })
      Object.defineProperty(untouched, 'sessions', { value: () => Promise.resolve(sessions) })
      for (const method of ['waits', 'observe', 'recover'] as const) {
        Object.defineProperty(untouched, method, { value: lane[method].bind(lane) })
      }
      const error = await executeRun({
        lane: untouched,
        strategy: blocked,
        plan: two,
        limits,
      }).catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(DatabaseFault)
      expect((error as Error).message).toMatch(
        /^A statement neither completed nor was confirmed to wait for another actor within 400 ms: actor A is in "SELECT id FROM product FOR UPDATE", waiting for session \d+, which is not of this run\.$/,
      )
    } finally {
      await stranger.end()
    }
  })

  test('a statement that takes too long', async () => {
    const slow = misbehaving(async (session) => {
      await session.sql`SELECT pg_sleep(5)`
      return ok()
    })
    const error = await runOf(slow, planOf([[buy(1, 1)]])).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(DatabaseFault)
    expect((error as Error).message).toBe(
      'A statement neither completed nor was confirmed to wait for another actor within 400 ms: actor A is in "SELECT pg_sleep(5)", which the server does not report as waiting for a lock.',
    )
  })

  test('a connection that is lost', async () => {
    const suicidal = misbehaving(async (session) => {
      await session.sql`SELECT pg_terminate_backend(pg_backend_pid())`
      return ok()
    })
    const error = await runOf(suicidal).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(DatabaseFault)
    expect((error as Error).message).toBe(
      'The connection of actor A was lost during "SELECT pg_terminate_backend(pg_backend_pid())": terminating connection due to administrator command.',
    )
  })

  test('an interruption stops a run at once', async () => {
    const interruption = new AbortController()
    const hanging = misbehaving(() => new Promise(() => {}))
    await prepareLane(lane, hanging)
    const run = executeRun({ lane, strategy: hanging, plan: two, signal: interruption.signal })
    setTimeout(() => interruption.abort(), 20)
    await expect(run).rejects.toThrow('The run was interrupted.')
  })
})

describe('an actor', () => {
  test('with a second connection is in two transactions at once', async () => {
    const strategy = purchaseStrategy(
      'two-connections',
      async (session, { productId }) => {
        return session.transaction(async (tx) => {
          await tx.sql`SELECT stock FROM product WHERE id = ${productId} FOR UPDATE`
          await session.second.sql`UPDATE product SET stock = stock + 1 WHERE id = ${3 - productId}`
          return ok()
        })
      },
      [],
      2,
    )
    const record = await runOf(strategy, planOf([[buy(1, 1)]]))
    expect(transcript(record)).toEqual([
      'A BEGIN',
      'A SELECT stock FROM product WHERE id = 1 FOR UPDATE',
      'A UPDATE product SET stock = stock + 1 WHERE id = 2',
      'A COMMIT',
      'A = ok',
    ])
    // What the second connection wrote could be seen before the first one's COMMIT.
    expect(record.observation.committed).toHaveLength(2)
  })

  test('that waits for its own second connection is at a standstill', async () => {
    const strategy = purchaseStrategy(
      'waits-for-itself',
      (session, { productId }) =>
        session.transaction(async (tx) => {
          await tx.sql`SELECT stock FROM product WHERE id = ${productId} FOR UPDATE`
          await session.second.sql`UPDATE product SET stock = 1 WHERE id = ${productId}`
          return ok()
        }),
      [],
      2,
    )
    await expect(runOf(strategy, planOf([[buy(1, 1)]]))).rejects.toThrow(
      'Strategy "waits-for-itself" came to a standstill: actor A is in "UPDATE product SET stock = 1 WHERE id = 1 (connection 2)", waiting for A; nobody is left to go on, and the database did not break it within 400 ms.',
    )
  })

  test('finds tables empty that it makes, and misses none that it has dropped', async () => {
    const counts: number[] = []
    const lazy = purchaseStrategy('lazy', async ({ sql }, { userId }) => {
      if (userId === 3) await sql`DROP TABLE request`
      await sql`CREATE TABLE IF NOT EXISTS request (id INT)`
      if (userId === 2) await sql`CREATE TABLE IF NOT EXISTS other AS SELECT 1 AS id`
      if (userId === 2) counts.push((await sql`SELECT id FROM other`).length)
      await sql`INSERT INTO request (id) VALUES (1)`
      counts.push((await sql`SELECT id FROM request`).length)
      if (userId === 3) await sql`DROP TABLE request`
      return ok()
    })
    const strangers = [1, 2, 3].map((userId) => planOf([[buy(userId, 1)]]))
    await prepareLane(lane, lazy)
    for (const plan of [...strangers, ...strangers]) {
      await executeRun({ lane, strategy: lazy, plan, limits })
    }
    expect(counts).toEqual([1, 1, 1, 1, 1, 0, 1, 1])
  })

  test('shares the memory of its process with every second actor, and with no other run', async () => {
    const seen: string[] = []
    const strategy = purchaseStrategy('remembers', async (session, { userId }) => {
      const { id, memory } = session.process
      seen.push(`${userId} in ${id} finds ${[...memory.keys()].join()}`)
      memory.set(`user ${userId}`, true)
      await session.sql`SELECT 1`
      return ok()
    })
    const three = planOf([[buy(1, 1)], [buy(2, 1)], [buy(3, 1)]])
    await runOf(strategy, three)
    await runOf(strategy, three)
    const once = ['1 in 0 finds ', '2 in 1 finds ', '3 in 0 finds user 1']
    expect(seen).toEqual([...once, ...once])
  })

  test('that uses the memory of its process is noted when it first does', async () => {
    const strategy = purchaseStrategy('remembers', async (session, { userId }) => {
      const { memory } = session.process
      await session.sql`SELECT 1`
      if (userId === 2) memory.set('a', 1)
      await session.sql`SELECT 2`
      memory.delete('a')
      return ok()
    })
    const { history } = await runOf(strategy, planOf([[buy(1, 1)], [buy(2, 1)]]))
    const noted = history.flatMap((event, index) =>
      event.kind === 'shares' ? [[event.actor, event.process, history[index + 1]?.kind]] : [],
    )
    expect(noted).toEqual([
      [0, 0, 'replied'],
      [1, 1, 'parked'],
    ])
  })
})

test('judge names what a run broke, in the order of the workload', async () => {
  const careless = purchaseStrategy('careless', async (session, { productId }) => {
    await session.sql`UPDATE product SET stock = stock - 9 WHERE id = ${productId}`
    return ok()
  })
  const record = await runOf(careless, planOf([[buy(1, 1)]]))
  expect(judge(careless, record)).toEqual([
    {
      invariant: 'stock-never-negative',
      message: 'Stock is below zero after commit 1: product(id 1, stock -4).',
    },
    {
      invariant: 'stock-conserved',
      message:
        'Product 1 had 5, 0 were restocked and 0 sold, so 5 should be left, and -4 are: product(id 1, stock -4); no row in purchase.',
    },
    {
      invariant: 'ok-has-its-purchase',
      message:
        'User 1 was told ok for 1 purchase of 1 of product 1, and 0 rows were added: no row in purchase.',
    },
    {
      invariant: 'serial-equivalence',
      message:
        'No serial order leaves these rows: the nearest is A, where product has (id 1, stock 4) instead of (id 1, stock -4) and purchase has 1 row instead of 0.',
    },
  ])
})
