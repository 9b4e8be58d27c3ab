import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { ActorSession, Lane, StatementOutcome, Table, Wait } from './engine.ts'
import type { IsolationLevel } from './isolation.ts'
import { statement, type SqlValue, type Statement } from './statement.ts'

/** What a suite needs to open lanes on the engine it is about. */
export interface EngineUnderTest {
  readonly title: string
  open(isolation?: IsolationLevel): Promise<Lane>
  /** A connection to the lane's database that is not one of its sessions. */
  outsider(lane: Lane): Promise<Outsider>
}

export interface Outsider {
  ask(text: string): Promise<unknown>
  close(): Promise<void>
}

const account: Table = {
  name: 'account',
  columns: ['id', 'owner', 'balance', 'open'],
  create: [
    `CREATE TABLE account (
      id INT PRIMARY KEY, owner VARCHAR(20) NOT NULL UNIQUE, balance INT CHECK (balance >= 0), open BOOLEAN)`,
  ],
}

const rows = {
  account: [
    { id: 1, owner: "O'Hara", balance: 10, open: true },
    { id: 2, owner: 'Zoë', balance: null, open: false },
  ],
}

const sql = (parts: TemplateStringsArray, ...params: SqlValue[]): Statement =>
  statement(parts, params)

/** Statements that every engine writes the same. */
const begin = sql`BEGIN`
const commit = sql`COMMIT`
const rollback = sql`ROLLBACK`
const lock = (id: number): Statement => sql`SELECT id FROM account WHERE id = ${id} FOR UPDATE`
const deposit = (id: number): Statement =>
  sql`UPDATE account SET balance = coalesce(balance, 0) + 1 WHERE id = ${id}`

/**
 * What every engine must do for the scheduler's word to be worth something. The same suite runs
 * against every engine, on real servers.
 */
export function describeEngineLaws({ title, open, outsider }: EngineUnderTest): void {
  describe(`engine laws: ${title}`, () => {
    let lane: Lane
    let a: ActorSession
    let b: ActorSession
    let c: ActorSession

    beforeAll(async () => {
      lane = await open()
      await lane.prepare([account], [])
    })
    afterAll(() => lane.close())
    beforeEach(async () => {
      await lane.reset(rows)
      const [first, second, third] = await lane.sessions(3)
      if (!first || !second || !third) throw new Error('three sessions were asked for')
      ;[a, b, c] = [first, second, third]
      return async () => {
        for (const session of [a, b, c]) {
          if (session.transaction !== 'none') await run(session, rollback)
        }
      }
    })

    const blockersOf = async (...sessions: ActorSession[]): Promise<Wait> => {
      const [wait] = await untilWaiting(lane, sessions)
      if (!wait) throw new Error('nobody waits')
      return wait
    }

    describe('statements', () => {
      test('rows come back with numbers, text, booleans and NULL as such', async () => {
        const outcome = await succeed(
          a,
          sql`SELECT id, owner, balance, open FROM account ORDER BY id`,
        )
        expect(outcome.rows.map((row) => ({ ...row, open: Boolean(row['open']) }))).toEqual(
          rows.account,
        )
        expect(outcome.affectedRows).toBe(2)
      })

      test('counts and sums are numbers', async () => {
        const [row] = (await succeed(a, sql`SELECT count(*) AS n FROM account`)).rows
        expect(row).toEqual({ n: 2 })
      })

      test('a parameter never becomes SQL text', async () => {
        const hostile = "x'); DELETE FROM account; --"
        await succeed(a, sql`UPDATE account SET owner = ${hostile.slice(0, 20)} WHERE id = ${1}`)
        const state = await lane.observe()
        expect(state['account']).toHaveLength(2)
        expect(state['account']?.[0]?.['owner']).toBe(hostile.slice(0, 20))
      })

      test('affected rows are those that matched and were written', async () => {
        expect((await succeed(a, sql`UPDATE account SET balance = 5`)).affectedRows).toBe(2)
        expect((await succeed(a, deposit(99))).affectedRows).toBe(0)
        expect((await succeed(a, sql`DELETE FROM account WHERE id = ${1}`)).affectedRows).toBe(1)
      })

      test('the transaction state follows BEGIN, COMMIT and ROLLBACK', async () => {
        expect(a.transaction).toBe('none')
        expect((await succeed(a, begin)).transaction).toBe('open')
        expect((await succeed(a, deposit(1))).transaction).toBe('open')
        expect((await succeed(a, commit)).transaction).toBe('none')
        await succeed(a, begin)
        expect((await succeed(a, rollback)).transaction).toBe('none')
      })
    })

    describe('errors', () => {
      test.for([
        ['unique violation', sql`INSERT INTO account (id, owner) VALUES (${1}, ${'again'})`],
        ['check violation', sql`UPDATE account SET balance = ${-1} WHERE id = ${1}`],
        ['other', sql`SELECT nothing FROM nowhere`],
      ] as const)('%s', async ([errorClass, failing]) => {
        const outcome = await run(a, failing)
        expect(outcome).toMatchObject({ ok: false, error: { errorClass } })
        expect((await succeed(a, sql`SELECT 1 AS one`)).rows).toEqual([{ one: 1 }])
      })

      test('an error leaves locks released outside a transaction when it is reported', async () => {
        await run(a, sql`INSERT INTO account (id, owner) VALUES (${1}, ${'again'})`)
        expect(await lane.waits([a, b, c])).toEqual([])
        expect(a.transaction).toBe('none')
      })
    })

    describe('waits', () => {
      test('nobody waits while nothing is locked', async () => {
        await succeed(a, begin)
        await succeed(a, lock(1))
        expect(await lane.waits([a, b])).toEqual([])
      })

      test('a row lock: who waits, and for whom', async () => {
        await succeed(a, begin)
        await succeed(a, lock(1))
        await succeed(b, begin)
        const waiting = run(b, lock(1))
        const wait = await blockersOf(a, b, c)
        expect(wait.session).toBe(b)
        expect(wait.blockers).toEqual([a])
        expect(wait.strangers).toEqual([])
        await succeed(a, commit)
        expect((await waiting).ok).toBe(true)
        expect(await lane.waits([a, b, c])).toEqual([])
      })

      test('a wait is over as soon as COMMIT is answered, and the lock is handed on in turn', async () => {
        for (let round = 0; round < 50; round++) {
          await succeed(a, begin)
          await succeed(a, lock(1))
          await succeed(b, begin)
          const second = run(b, lock(1))
          await untilWaiting(lane, [b])
          await succeed(c, begin)
          const third = run(c, lock(1))
          await untilWaiting(lane, [b, c], 2)
          await succeed(a, commit)
          // Nobody is said to wait for who has gone; the third may be on its way to the second.
          for (const { session, blockers } of await lane.waits([b, c])) {
            expect({ session, blockers }).toEqual({ session: c, blockers: [b] })
          }
          await second
          await succeed(b, commit)
          await third
          await succeed(c, commit)
        }
      })

      test('an insert waits for the outcome of another of the same key', async () => {
        const insert = sql`INSERT INTO account (id, owner) VALUES (${3}, ${'C'})`
        await succeed(a, begin)
        await succeed(a, insert)
        const waiting = run(b, insert)
        expect((await blockersOf(b)).blockers).toEqual([a])
        await succeed(a, commit)
        expect(await waiting).toMatchObject({
          ok: false,
          error: { errorClass: 'unique violation' },
        })
      })

      test('a table lock is a wait too', async () => {
        await succeed(a, begin)
        await succeed(a, lock(1))
        const waiting = run(b, sql`ALTER TABLE account ADD COLUMN note VARCHAR(10)`)
        expect((await blockersOf(b)).blockers).toEqual([a])
        await succeed(a, rollback)
        await waiting
        await lane.prepare([account], [])
      })

      test('whoever is no session of the lane is called a stranger', async () => {
        const other = await outsider(lane)
        try {
          await other.ask('BEGIN')
          await other.ask('UPDATE account SET balance = 1')
          const waiting = run(a, deposit(1))
          const wait = await blockersOf(a)
          expect(wait.blockers).toEqual([])
          expect(wait.strangers).toHaveLength(1)
          await other.ask('COMMIT')
          expect((await waiting).ok).toBe(true)
        } finally {
          await other.close()
        }
      })
    })

    test('who closes a circle of waits is the victim, 100 times of 100', async () => {
      for (let round = 0; round < 100; round++) {
        await succeed(a, begin)
        await succeed(b, begin)
        await succeed(a, lock(1))
        await succeed(b, lock(2))
        const first = run(a, lock(2))
        await untilWaiting(lane, [a])
        expect(await run(b, lock(1), [a])).toMatchObject({
          ok: false,
          error: { errorClass: 'deadlock' },
        })
        await succeed(b, rollback)
        expect((await first).ok).toBe(true)
        await succeed(a, rollback)
      }
    })

    describe('isolation', () => {
      test.for([
        ['read-committed', 11],
        ['repeatable-read', 10],
        ['serializable', 10],
      ] as const)(
        '%s: the second read of a row that was changed meanwhile',
        async ([level, second]) => {
          const own = await open(level)
          try {
            await own.prepare([account], [])
            await own.reset(rows)
            const [reader, writer] = await own.sessions(2)
            if (!reader || !writer) throw new Error('two sessions were asked for')
            const read = sql`SELECT balance FROM account WHERE id = ${1}`
            await succeed(reader, begin)
            expect((await succeed(reader, read)).rows).toEqual([{ balance: 10 }])
            await succeed(writer, deposit(1))
            expect((await succeed(reader, read)).rows).toEqual([{ balance: second }])
            await succeed(reader, commit)
            expect(own.isolation).toBe(level)
          } finally {
            await own.close()
          }
        },
      )
    })

    describe('lanes', () => {
      test('reset brings the given rows and nothing else', async () => {
        await succeed(a, sql`DELETE FROM account WHERE id = ${1}`)
        await succeed(a, sql`INSERT INTO account (id, owner) VALUES (${7}, ${'G'})`)
        await lane.reset(rows)
        expect(await lane.observe()).toEqual(rows)
        await lane.reset({ account: [] })
        expect(await lane.observe()).toEqual({ account: [] })
      })

      test('what is not committed is not observed', async () => {
        await succeed(a, begin)
        await succeed(a, deposit(1))
        expect(await lane.observe()).toEqual(rows)
      })

      test('two lanes do not see each other', async () => {
        const other = await open()
        try {
          await other.prepare([account], [])
          await other.reset({ account: [] })
          await succeed(a, begin)
          await succeed(a, lock(1))
          const [stranger] = await other.sessions(1)
          if (!stranger) throw new Error('a session was asked for')
          expect((await succeed(stranger, deposit(1))).affectedRows).toBe(0)
          expect(await lane.observe()).toEqual(rows)
        } finally {
          await other.close()
        }
      })

      test('after recover, sessions are new and hold nothing, whatever ran on the old ones', async () => {
        await succeed(a, begin)
        await succeed(a, lock(1))
        const waiting = run(b, lock(1))
        await untilWaiting(lane, [b])
        await lane.recover()
        await waiting // answered, or lost: in no case left open
        const [fresh] = await lane.sessions(1)
        if (!fresh) throw new Error('a session was asked for')
        expect((await succeed(fresh, lock(1))).rows).toEqual([{ id: 1 }])
        await lane.reset(rows)
      })

      test('prepare changes the tables as the strategy needs them', async () => {
        await lane.prepare(
          [account],
          ['ALTER TABLE account ADD COLUMN version INT NOT NULL DEFAULT 7'],
        )
        await lane.reset(rows)
        const [fresh] = await lane.sessions(1)
        if (!fresh) throw new Error('a session was asked for')
        const [row] = (await succeed(fresh, sql`SELECT version FROM account WHERE id = ${1}`)).rows
        expect(row).toEqual({ version: 7 })
        expect(await lane.observe()).toEqual(rows)
        await lane.prepare([account], [])
      })
    })
  })
}

const run = (
  session: ActorSession,
  of: Statement,
  queue: readonly ActorSession[] = [],
): Promise<StatementOutcome> => session.execute(of, queue)

async function succeed(
  session: ActorSession,
  of: Statement,
): Promise<Extract<StatementOutcome, { ok: true }>> {
  const outcome = await run(session, of)
  if (!outcome.ok) throw outcome.error
  return outcome
}

/** Asks until as many sessions wait as expected; the test's own limit ends it. */
async function untilWaiting(
  lane: Lane,
  sessions: readonly ActorSession[],
  expected = 1,
): Promise<readonly Wait[]> {
  for (;;) {
    const waits = await lane.waits(sessions)
    if (waits.length >= expected) return waits
  }
}
