import { describe, expect, test } from 'vitest'
import type { ActorSession } from '../databases/engine.ts'
import { DatabaseFault, StrategyFault } from '../errors.ts'
import { PlayedPort, PlayedSession, refusal, settled, statementOf } from './fixtures/playing.ts'
import { Seat } from './seat.ts'

function seated() {
  const port = new PlayedPort()
  const sessions: ActorSession[] = []
  const seat = new Seat(0, port, sessions, undefined)
  const arrives = (session: PlayedSession, text: string): void =>
    seat.arrived(session, statementOf(text))
  /** The step under way ends. */
  const completes = async (): Promise<void> => {
    port.parked.at(-1)?.complete()
    await settled()
  }
  return { port, sessions, seat, arrives, completes }
}

describe('the statements of an actor', () => {
  test('are steps one at a time, each over its own session', async () => {
    const { port, arrives, completes } = seated()
    const [one, other] = [new PlayedSession(), new PlayedSession()]
    arrives(one, 'first')
    arrives(other, 'second')
    expect(port.parked).toMatchObject([{ text: 'first', session: one }])
    await completes()
    expect(port.parked).toMatchObject([{ text: 'first' }, { text: 'second', session: other }])
    expect([one.delivered, other.delivered]).toEqual([1, 0])
  })

  test('tell of connections by how many are in use, whichever they are', async () => {
    const { port, sessions, arrives, completes } = seated()
    const [one, other, third] = [new PlayedSession(), new PlayedSession(), new PlayedSession()]
    arrives(one, 'in none')
    await completes()
    arrives(other, 'BEGIN')
    other.transaction = 'open'
    await completes()
    arrives(third, 'beside it')
    await settled() // the other one might have been closed
    await completes()
    arrives(other, 'COMMIT')
    expect(port.parked.map(({ connection }) => connection)).toEqual([0, 0, 1, 0])
    expect(sessions).toEqual([one, other, third])
  })

  test('are answered when the database refuses them as well', async () => {
    const { port, seat, arrives, completes } = seated()
    const session = new PlayedSession()
    const error = refusal()
    arrives(session, 'UPDATE')
    port.parked[0]?.refuse(error)
    await settled()
    expect(session.delivered).toBe(1)
    expect(seat.refusal).toBe(error)
    arrives(session, 'ROLLBACK')
    await completes()
    expect(seat.refusal).toBe(error)
    await seat.begin()
    expect(seat.refusal).toBeUndefined()
  })

  test.each(['COMMIT', '/* page 7 */ commit'])(
    'once committed, are not why the application has failed: %s',
    async (commit) => {
      const { port, seat, arrives, completes } = seated()
      const session = new PlayedSession()
      arrives(session, 'INSERT')
      port.parked[0]?.refuse(refusal())
      await settled()
      arrives(session, commit)
      await completes()
      expect(seat.refusal).toBeUndefined()
    },
  )
})

describe('a connection that is lost with a statement under way', () => {
  const lost = (facts: Partial<PlayedSession>): PlayedPort => {
    const { port, seat, arrives } = seated()
    const session = Object.assign(new PlayedSession(), facts)
    arrives(session, 'SELECT 1')
    seat.left(session)
    return port
  }
  const what = 'A connection of actor A was lost with a statement under way: '

  test('is a fault of the application’s if it has closed it', () => {
    const [fault] = lost({}).faults
    expect(fault).toBeInstanceOf(StrategyFault)
    expect(fault?.message).toBe(`${what}the application closed it, or has ended.`)
  })

  test('is a fault though the statement waits for another one’s end', () => {
    const { port, seat, arrives } = seated()
    const session = new PlayedSession()
    arrives(new PlayedSession(), 'first')
    arrives(session, 'second')
    seat.left(session)
    expect(port.faults).toHaveLength(1)
  })

  test('is a fault of the server’s if it has', () => {
    const [fault] = lost({ isEndedByServer: true }).faults
    expect(fault).toBeInstanceOf(DatabaseFault)
    expect(fault?.message).toBe(`${what}the server has ended it.`)
  })

  test('is a fault that says what was no protocol', () => {
    const [fault] = lost({ protocolError: 'The client sent nonsense' }).faults
    expect(fault?.message).toBe(`${what}The client sent nonsense.`)
  })

  test('is none if the plan says so', () => {
    expect(lost({ isStruck: true }).faults).toEqual([])
  })

  test('is none without a statement', async () => {
    const { port, seat, arrives, completes } = seated()
    const session = new PlayedSession()
    arrives(session, 'SELECT 1')
    await completes()
    seat.left(session)
    expect(port.faults).toEqual([])
  })
})

describe('a connection that is closed with no statement under way', () => {
  const closing = async (transaction: 'open' | 'none') => {
    const chair = seated()
    const session = new PlayedSession()
    chair.arrives(session, 'BEGIN')
    session.transaction = transaction
    await chair.completes()
    session.transaction = 'none' // nothing of it gets anywhere any more
    chair.seat.left(session)
    return { ...chair, session }
  }

  test('is waited for, and told of when the command has been done', async () => {
    const { port, seat, session } = await closing('open')
    expect(port).toMatchObject({ closedSessions: [session], toldOf: [], faults: [] })
    await seat.done()
    await seat.done()
    expect(port.toldOf).toEqual([0])
  })

  test('is told of before the next statement', async () => {
    const { port, arrives } = await closing('open')
    arrives(new PlayedSession(), 'BEGIN')
    expect(port.toldOf).toEqual([0])
  })

  test('is waited for outside a transaction too, and not told of', async () => {
    const { port, seat, session } = await closing('none')
    await seat.done()
    expect(port).toMatchObject({ closedSessions: [session], toldOf: [] })
  })
})

test('sessions that go to another actor are forgotten', async () => {
  const { seat, sessions, arrives, completes } = seated()
  const session = new PlayedSession()
  arrives(session, 'SELECT 1')
  await completes()
  expect(seat.has(session)).toBe(true)
  seat.forget(session)
  expect(seat.has(session)).toBe(false)
  expect(sessions).toEqual([])
})
