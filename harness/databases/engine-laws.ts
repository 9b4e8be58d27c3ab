import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { beginStatements } from './begin.ts'
import type { ActorSession, Lane, StatementOutcome, Table, Wait } from './engine.ts'
import type { NumberedSession } from './engines/base-lane.ts'
import type { IsolationLevel } from './isolation.ts'
import { statement, type SqlValue, type Statement } from './statement.ts'

/** What a suite needs to open lanes on the engine it is about. */
export interface EngineUnderTest {
  readonly title: string
  /** Why there is no server to test it on; the suite is skipped then, and says so. */
  readonly missing?: string | undefined
  open(isolation?: IsolationLevel): Promise<Lane>
  /** A connection to the lane's database that is not one of its sessions. */
  outsider(lane: Lane): Promise<Outsider>
  /** Whether the session that closes a circle of waits is the victim; otherwise the engine picks. */
  readonly closerIsVictim: boolean
  /** Whether, when serializable, a transaction's reads keep others from writing. */
  readonly serializableReadsLock: boolean
  /** Takes a lock that is on no table, and is held until it is released. */
  readonly userLock: { readonly take: Statement; readonly release: Statement }
  /** A trigger of a strategy's that refuses to add a second row to table `note`. */
  readonly ownTrigger: readonly string[]
  /** What an outsider asks to know how many locks are `held` to stop a session's statements. */
  readonly countHeld: (session: NumberedSession) => string
  /** What an outsider sends to end a session's statement, or the session itself. */
  readonly cancel: (session: NumberedSession) => string
  readonly kill: (session: NumberedSession) => string
}

export interface Outsider {
  ask(text: string): Promise<unknown>
  close(): Promise<void>
}

export const account: Table = {
  name: 'account',
  columns: ['id', 'owner', 'balance', 'open'],
  create: [
    `CREATE TABLE account (
      id INT PRIMARY KEY, owner VARCHAR(20) NOT NULL UNIQUE, balance INT CHECK (balance >= 0), open BOOLEAN)`,
  ],
}

export const rows = {
  account: [
    { id: 1, owner: "O'Hara", balance: 10, open: true },
    { id: 2, owner: 'Zoë', balance: null, open: false },
  ],
}

export const sql = (parts: TemplateStringsArray, ...params: SqlValue[]): Statement =>
  statement(parts, params)

/** Statements that every engine writes the same. */
export const begin = sql`BEGIN`
export const commit = sql`COMMIT`
export const rollback = sql`ROLLBACK`
export const lock = (id: number): Statement =>
  sql`SELECT id FROM account WHERE id = ${id} FOR UPDATE`
export const deposit = (id: number): Statement =>
  sql`UPDATE account SET balance = coalesce(balance, 0) + 1 WHERE id = ${id}`

/**
 * What every engine must do for the scheduler's word to be worth something. The same suite runs
 * against every engine, on real servers.
 */
export function describeEngineLaws(engine: EngineUnderTest): void {
  const { title, missing, open, outsider } = engine
  const suite = missing === undefined ? title : `${title} (not run: ${missing})`
  describe.skipIf(missing !== undefined)(`engine laws: ${suite}`, () => {
    let lane: Lane
    let a: ActorSession
    let b: ActorSession
    let c: ActorSession

    beforeAll(async () => {
      lane = await open()
      await lane.prepare([account], [])
    })
    afterAll(() => lane?.close())
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

    const asOutsider = async (act: (other: Outsider) => Promise<unknown>): Promise<void> => {
      const other = await outsider(lane)
      try {
        await act(other)
      } finally {
        await other.close()
      }
    }

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

      test('a lock on no table is a wait, and does not outlive the run that took it', async () => {
        const { take, release } = engine.userLock
        await succeed(a, take)
        const waiting = run(b, take)
        expect((await blockersOf(a, b)).blockers).toEqual([a])
        await succeed(a, release)
        expect((await waiting).ok).toBe(true)
        await lane.reset(rows)
        await succeed(a, take)
        await lane.reset(rows)
        await succeed(b, take)
        await lane.reset(rows)
      })

      test('a wait stays one when the holder changes the row, and its size', async () => {
        await succeed(a, begin)
        await succeed(a, lock(2))
        await succeed(b, begin)
        const waiting = run(b, lock(2))
        await untilWaiting(lane, [b])
        await succeed(a, deposit(2)) // NULL becomes a number
        await succeed(a, sql`UPDATE account SET owner = ${'somebody with more'} WHERE id = ${2}`)
        const wait = await blockersOf(a, b, c)
        expect({ session: wait.session, blockers: wait.blockers }).toEqual({
          session: b,
          blockers: [a],
        })
        await succeed(a, commit)
        expect((await waiting).ok).toBe(true)
      })

      test('two may read what a third may not write', async () => {
        const share = sql`SELECT id FROM account WHERE id = ${1} FOR SHARE`
        await succeed(a, begin)
        await succeed(b, begin)
        await succeed(a, sharing(share, lane))
        await succeed(b, sharing(share, lane))
        const waiting = run(c, deposit(1))
        const wait = await blockersOf(a, b, c)
        expect(wait.session).toBe(c)
        // PostgreSQL waits for one after the other.
        expect([a, b]).toEqual(expect.arrayContaining([...wait.blockers]))
        expect(wait.blockers).not.toEqual([])
        await succeed(a, commit)
        expect((await blockersOf(c)).blockers).toEqual([b])
        await succeed(b, commit)
        expect((await waiting).ok).toBe(true)
      })

      test('whoever is no session of the lane is called a stranger', async () => {
        await asOutsider(async (other) => {
          await other.ask('BEGIN')
          await other.ask('UPDATE account SET balance = 1')
          const waiting = run(a, deposit(1))
          const wait = await blockersOf(a)
          expect(wait.blockers).toEqual([])
          expect(wait.strangers).toHaveLength(1)
          await other.ask('COMMIT')
          expect((await waiting).ok).toBe(true)
        })
      })
    })

    test('a circle of waits is broken in the same way, 100 times of 100', async () => {
      const victims = new Set<string>()
      for (let round = 0; round < 100; round++) {
        await succeed(a, begin)
        await succeed(b, begin)
        await succeed(a, lock(1))
        await succeed(b, lock(2))
        const waiting = run(a, lock(2))
        await untilWaiting(lane, [a])
        const closing = run(b, lock(1), [a])
        const victim = await Promise.race([
          failed(waiting, 'who waited'),
          failed(closing, 'closer'),
        ])
        victims.add(victim)
        const [lost, won] = victim === 'closer' ? [b, a] : [a, b]
        await run(lost, rollback)
        expect((await (won === a ? waiting : closing)).ok).toBe(true)
        await succeed(won, rollback)
      }
      expect(victims.size).toBe(1)
      if (engine.closerIsVictim) expect([...victims]).toEqual(['closer'])
    })

    test('the victim of a deadlock has no transaction left that holds anything', async () => {
      await succeed(a, begin)
      await succeed(b, begin)
      await succeed(a, deposit(1))
      await succeed(b, deposit(2))
      const ways = [run(a, lock(2))]
      await untilWaiting(lane, [a])
      ways.push(run(b, lock(1), [a]))
      const outcomes = await Promise.all(ways)
      const [victim, other] = outcomes[0]?.ok ? [b, a] : [a, b]
      expect(['none', 'failed']).toContain(victim.transaction)
      expect(other.transaction).toBe('open')
      expect(await lane.waits([a, b])).toEqual([])
    })

    describe('a session', () => {
      test('whose statement is cancelled goes on', async () => {
        await succeed(a, begin)
        await succeed(a, lock(1))
        const waiting = run(b, lock(1))
        await untilWaiting(lane, [b])
        await asOutsider((other) => other.ask(engine.cancel(b as NumberedSession)))
        expect(await waiting).toMatchObject({
          ok: false,
          error: { errorClass: 'statement timeout' },
        })
        await succeed(a, rollback)
        expect((await succeed(b, lock(1))).rows).toEqual([{ id: 1 }])
      })

      test('that is killed is lost, and others are not', async () => {
        await succeed(a, begin)
        await succeed(a, lock(1))
        const waiting = run(b, lock(1))
        await untilWaiting(lane, [b])
        await asOutsider((other) => other.ask(engine.kill(b as NumberedSession)))
        const lost = { ok: false, error: { errorClass: 'connection lost' }, transaction: 'none' }
        expect(await waiting).toMatchObject(lost)
        expect(await run(b, sql`SELECT 1`)).toMatchObject(lost)
        await succeed(a, rollback)
        await lane.recover()
        const [, fresh] = await lane.sessions(2)
        if (!fresh) throw new Error('two sessions were asked for')
        expect((await succeed(fresh, lock(1))).rows).toEqual([{ id: 1 }])
      })
    })

    describe('isolation', () => {
      test.for([
        ['read-uncommitted', 11],
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
            const waits = engine.serializableReadsLock && level === 'serializable'
            const writing = succeed(writer, deposit(1))
            if (waits) await untilWaiting(own, [writer])
            else await writing
            expect((await succeed(reader, read)).rows).toEqual([{ balance: second }])
            await succeed(reader, commit)
            await writing
            expect(own.isolation).toBe(level)
          } finally {
            await own.close()
          }
        },
      )
    })

    test('a transaction can have a level of its own, and the next one has not', async () => {
      const own = await open('read-committed')
      try {
        await own.prepare([account], [])
        await own.reset(rows)
        const [reader, writer] = await own.sessions(2)
        if (!reader || !writer) throw new Error('two sessions were asked for')
        const read = sql`SELECT balance FROM account WHERE id = ${1}`
        const beginning = beginStatements(own.engine.name, 'repeatable-read')
        for (const [statements, second] of [
          [beginning, 10],
          [[begin], 12],
        ] as const) {
          for (const each of statements) await succeed(reader, each)
          await succeed(reader, read)
          await succeed(writer, deposit(1))
          expect((await succeed(reader, read)).rows).toEqual([{ balance: second }])
          await succeed(reader, commit)
        }
      } finally {
        await own.close()
      }
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

      test('rows that were anticipated, and not asked for after all, do not come later', async () => {
        for (let round = 0; round < 20; round++) {
          await succeed(a, engine.userLock.take) // so that there is something to clean up first
          await lane.reset(rows)
          await lane.reset(rows)
          await succeed(a, engine.userLock.take)
          lane.anticipate(rows)
          await lane.reset({ account: [] })
          expect(await lane.observe()).toEqual({ account: [] })
        }
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

export const run = (
  session: ActorSession,
  of: Statement,
  queue: readonly ActorSession[] = [],
): Promise<StatementOutcome> => session.execute(of, queue)

/** The name, once the statement has failed with a deadlock; otherwise it never comes. */
export async function failed(outcome: Promise<StatementOutcome>, name: string): Promise<string> {
  const settled = await outcome
  if (settled.ok) return new Promise(() => {})
  expect(settled).toMatchObject({ error: { errorClass: 'deadlock' } })
  return name
}

/** MariaDB writes FOR SHARE in the older way. */
const sharing = (share: Statement, { engine }: Lane): Statement =>
  engine.name === 'mariadb'
    ? statement(
        share.parts.map((part) => part.replace('FOR SHARE', 'LOCK IN SHARE MODE')),
        share.params,
      )
    : share

export async function succeed(
  session: ActorSession,
  of: Statement,
): Promise<Extract<StatementOutcome, { ok: true }>> {
  const outcome = await run(session, of)
  if (!outcome.ok) throw outcome.error
  return outcome
}

/** Asks until as many sessions wait as expected; the test's own limit ends it. */
export async function untilWaiting(
  lane: Lane,
  sessions: readonly ActorSession[],
  expected = 1,
): Promise<readonly Wait[]> {
  for (;;) {
    const waits = await lane.waits(sessions)
    if (waits.length >= expected) return waits
  }
}
