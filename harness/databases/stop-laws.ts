import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { HarnessFault } from '../errors.ts'
import {
  account,
  begin,
  commit,
  deposit,
  failed,
  lock,
  rollback,
  rows,
  run,
  sql,
  succeed,
  untilWaiting,
  type EngineUnderTest,
} from './engine-laws.ts'
import type { ActorSession, Lane, StatementOutcome, Wait } from './engine.ts'
import type { NumberedSession } from './engines/base-lane.ts'
import { statement, type Statement } from './statement.ts'

/** A table that a strategy's schema would add, with no key that keeps anything apart. */
const note = 'CREATE TABLE note (owner VARCHAR(20) NOT NULL)'

const insert = sql`INSERT INTO account (id, owner) VALUES (${3}, ${'C'})`
const noteOnce = (owner: string): Statement =>
  sql`INSERT INTO note (owner) SELECT owner FROM account
      WHERE owner = ${owner} AND NOT EXISTS (SELECT 1 FROM note WHERE note.owner = ${owner})`
const notes = sql`SELECT owner FROM note`

/**
 * What every engine must do for scheduling inside statements: see `Lane.hold`. The same suite runs
 * against every engine, on real servers.
 */
export function describeStopLaws(engine: EngineUnderTest): void {
  const { title, missing, open, outsider } = engine
  const suite = missing === undefined ? title : `${title} (not run: ${missing})`
  describe.skipIf(missing !== undefined)(`stop laws: ${suite}`, () => {
    let lane: Lane
    let a: ActorSession
    let b: ActorSession

    const fresh = async (): Promise<void> => {
      const [first, second] = await lane.sessions(2)
      if (!first || !second) throw new Error('two sessions were asked for')
      ;[a, b] = [first, second]
      for (const session of [a, b]) await lane.hold(session)
    }

    beforeAll(async () => {
      lane = await open('read-committed')
      await lane.prepare([account], [note])
      await lane.addStops()
    })
    afterAll(() => lane?.close())
    beforeEach(async () => {
      await lane.reset(rows)
      await fresh()
      return async () => {
        for (const session of [a, b]) {
          if (session.transaction !== 'none') await run(session, rollback)
        }
      }
    })

    /** Sends a statement that must stop, and lets it go on. */
    const stopAndGoOn = async (session: ActorSession, of: Statement): Promise<StatementOutcome> => {
      const outcome = run(session, of)
      await untilStopped(lane, session)
      await lane.release(session, [])
      return outcome
    }

    test('a lane that is prepared to stop says so', () => {
      expect(lane.stops).toBe(true)
    })

    test.for([
      ['INSERT', insert, 1],
      ['UPDATE', deposit(1), 1],
      ['DELETE', sql`DELETE FROM account WHERE id = ${1}`, 1],
      ['INSERT … SELECT', noteOnce("O'Hara"), 1],
      ['a statement of several rows', sql`UPDATE account SET balance = 5`, 2],
      ['INSERT of several rows', sql`INSERT INTO note VALUES (${'a'}), (${'b'}), (${'c'})`, 3],
    ] as const)('%s stops once, before its first row', async ([, writing, affectedRows]) => {
      const outcome = run(a, writing)
      expect(await untilStopped(lane, a)).toEqual({
        session: a,
        stopped: true,
        blockers: [],
        strangers: [],
      })
      expect(await lane.observe()).toEqual(rows)
      expect((await succeed(b, notes)).rows).toEqual([])
      await lane.release(a, [])
      expect(await outcome).toMatchObject({ ok: true, affectedRows })
    })

    test.for([
      ['one that finds no row', deposit(99)],
      ['one whose condition fails', noteOnce('nobody')],
      ['a read', sql`SELECT id FROM account`],
      ['a locking read', lock(1)],
    ] as const)('%s does not stop', async ([, of]) => {
      await succeed(a, begin)
      await succeed(a, of)
      await succeed(a, commit)
    })

    test('after its statement has gone on, a session stops again only when it is held again', async () => {
      expect((await stopAndGoOn(a, deposit(1))).ok).toBe(true)
      await succeed(a, deposit(1))
      await lane.hold(a)
      await lane.hold(a) // which changes nothing
      expect((await stopAndGoOn(a, deposit(1))).ok).toBe(true)
    })

    test('what a statement has read before it stopped may not be so any more when it writes', async () => {
      const [first, second] = [run(a, noteOnce('Zoë')), run(b, noteOnce('Zoë'))]
      await untilWaiting(lane, [a, b], 2)
      await lane.release(b, [])
      expect(await second).toMatchObject({ ok: true, affectedRows: 1 })
      await lane.release(a, [])
      expect(await first).toMatchObject({ ok: true, affectedRows: 1 })
      expect((await succeed(a, notes)).rows).toEqual([{ owner: 'Zoë' }, { owner: 'Zoë' }])
    })

    test('who waits for a session that has stopped waits for it, and stops in turn', async () => {
      await succeed(a, begin)
      const first = run(a, deposit(1))
      await untilStopped(lane, a)
      const second = run(b, deposit(1))
      const wait = await untilWaits(lane, b)
      expect(wait).toEqual({ session: b, stopped: false, blockers: [a], strangers: [] })
      await lane.release(a, [b])
      expect((await first).ok).toBe(true)
      expect(await untilWaits(lane, b)).toEqual(wait)
      await succeed(a, commit)
      await untilStopped(lane, b)
      await lane.release(b, [])
      expect((await second).ok).toBe(true)
      const [row] = (await lane.observe())['account'] ?? []
      expect(row?.['balance']).toBe(12)
    })

    test('a circle of waits that the rest of a statement closes is broken in the same way, 50 of 50', async () => {
      const victims = new Set<string>()
      for (let round = 0; round < 50; round++) {
        for (const session of [a, b]) await lane.hold(session)
        await succeed(a, begin)
        await succeed(b, begin)
        await succeed(b, lock(2))
        const closing = run(a, sql`UPDATE account SET balance = 3 WHERE id <= ${2}`)
        await untilStopped(lane, a)
        const waiting = run(b, lock(1))
        await untilWaits(lane, b)
        await lane.release(a, [b])
        const victim = await Promise.race([
          failed(closing, 'closer'),
          failed(waiting, 'who waited'),
        ])
        victims.add(victim)
        await run(victim === 'closer' ? a : b, rollback)
        expect(await (victim === 'closer' ? waiting : closing)).toMatchObject({ ok: true })
        await succeed(victim === 'closer' ? b : a, rollback)
      }
      expect(victims.size).toBe(1)
      if (engine.closerIsVictim) expect([...victims]).toEqual(['closer'])
    })

    test('what fails after the stop fails as it would have', async () => {
      const again = sql`INSERT INTO account (id, owner) VALUES (${1}, ${'again'})`
      expect(await stopAndGoOn(a, again)).toMatchObject({
        ok: false,
        error: { errorClass: 'unique violation' },
        transaction: 'none',
      })
      await lane.hold(a)
      expect((await stopAndGoOn(a, insert)).ok).toBe(true)
    })

    test('a statement that is cancelled where it has stopped fails, and the next one stops', async () => {
      const stopped = run(a, insert)
      await untilStopped(lane, a)
      const other = await outsider(lane)
      try {
        await other.ask(engine.cancel(a as NumberedSession))
      } finally {
        await other.close()
      }
      expect(await stopped).toMatchObject({ ok: false, error: { errorClass: 'statement timeout' } })
      expect((await stopAndGoOn(a, insert)).ok).toBe(true)
    })

    test('user-level locks that a session holds are its own before and after', async () => {
      const { take, release } = engine.userLock
      await succeed(a, take)
      const stopped = run(a, insert)
      await untilStopped(lane, a)
      const waiting = run(b, take)
      expect(await untilWaits(lane, b)).toMatchObject({ stopped: false, blockers: [a] })
      await lane.release(a, [b])
      expect((await stopped).ok).toBe(true)
      expect(await untilWaits(lane, b)).toMatchObject({ stopped: false, blockers: [a] })
      await succeed(a, release)
      expect((await waiting).ok).toBe(true)
      await succeed(b, release)
    })

    test('one that has just been released is not said to have stopped, 50 times of 50', async () => {
      for (let round = 0; round < 50; round++) {
        await lane.hold(a)
        const outcome = run(a, deposit(1))
        await untilStopped(lane, a)
        const releasing = lane.release(a, [])
        const waits = await lane.waits([a])
        expect(waits.filter(({ stopped }) => stopped)).toEqual([])
        await releasing
        await outcome
      }
    })

    test('recover lets go of what is held for sessions that have gone', async () => {
      const other = await outsider(lane)
      try {
        const held = async (): Promise<string> =>
          JSON.stringify(await other.ask(engine.countHeld(a as NumberedSession)))
        expect(await held()).toContain('"held":1')
        await lane.recover()
        expect(await held()).toContain('"held":0')
      } finally {
        await other.close()
      }
      await fresh()
    })

    test('recover ends what has stopped, and fresh sessions stop as well', async () => {
      const stopped = run(a, insert)
      await untilStopped(lane, a)
      await lane.recover()
      expect((await stopped).ok).toBe(false)
      await lane.reset(rows)
      await fresh()
      expect((await stopAndGoOn(a, insert)).ok).toBe(true)
    })

    test('another lane neither stops nor lets go on', async () => {
      const other = await open('read-committed')
      try {
        await other.prepare([account], [note])
        await other.addStops()
        await other.reset(rows)
        const [own] = await other.sessions(1)
        if (!own) throw new Error('a session was asked for')
        const stopped = run(a, insert)
        await untilStopped(lane, a)
        await succeed(own, insert)
        await other.hold(own)
        const stoppedThere = run(own, deposit(1))
        await untilStopped(other, own)
        await other.release(own, [])
        expect((await stoppedThere).ok).toBe(true)
        await untilStopped(lane, a)
        await lane.release(a, [])
        expect((await stopped).ok).toBe(true)
      } finally {
        await other.close()
      }
    })

    test('a lane that is prepared anew without stops has none', async () => {
      const other = await open('read-committed')
      try {
        await other.prepare([account], [note])
        await other.addStops()
        const [before] = await other.sessions(1)
        if (!before) throw new Error('a session was asked for')
        await other.hold(before)
        await other.prepare([account], [note])
        await other.reset(rows)
        expect(other.stops).toBe(false)
        const [session] = await other.sessions(1)
        if (!session) throw new Error('a session was asked for')
        await succeed(session, insert)
        expect(() => other.hold(session)).toThrow(HarnessFault)
      } finally {
        await other.close()
      }
    })

    test("a trigger of a strategy's own has read by the time of the stop", async () => {
      const other = await open('read-committed')
      try {
        await other.prepare([account], [note, ...engine.ownTrigger])
        await other.addStops()
        await other.reset(rows)
        const [first, second] = await other.sessions(2)
        if (!first || !second) throw new Error('two sessions were asked for')
        for (const session of [first, second]) await other.hold(session)
        const once = statement(["INSERT INTO note (owner) VALUES ('Zoë')"])
        const outcomes = [run(first, once), run(second, once)]
        await untilWaiting(other, [first, second], 2)
        for (const session of [first, second]) await other.release(session, [])
        // The trigger refuses a second note, but neither has seen the other's.
        expect(await Promise.all(outcomes)).toMatchObject([{ ok: true }, { ok: true }])
        expect(await run(first, once)).toMatchObject({ ok: false })
      } finally {
        await other.close()
      }
    })
  })
}

/** Asks until the session waits; the test's own limit ends it. */
async function untilWaits(lane: Lane, session: ActorSession): Promise<Wait> {
  for (;;) {
    const [wait] = await lane.waits([session])
    if (wait) return wait
  }
}

async function untilStopped(lane: Lane, session: ActorSession): Promise<Wait> {
  for (;;) {
    const wait = await untilWaits(lane, session)
    if (wait.stopped) return wait
  }
}
