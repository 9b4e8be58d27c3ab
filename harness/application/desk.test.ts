import { describe, expect, test } from 'vitest'
import { DatabaseFault } from '../errors.ts'
import type { StatementOutcome } from '../databases/engine.ts'
import { Desk } from './desk.ts'
import {
  PlayedPort,
  PlayedSession,
  done,
  refusal,
  settled,
  statementOf,
} from './fixtures/playing.ts'

const open: StatementOutcome = { ...done, transaction: 'open' }

/** A run of two who share an application. */
function sharing() {
  const desk = new Desk('shop', 'shared')
  const run = desk.begin()
  const ports = [new PlayedPort(), new PlayedPort()] as const
  const [a, b] = [run.seat(0, ports[0], []), run.seat(1, ports[1], [])]
  const arrives = (session: PlayedSession, text: string): void =>
    desk.arrived(0, session, statementOf(text))
  return { desk, run, ports, a, b, arrives }
}

describe('a run of actors who share an application', () => {
  test('gives a statement to who has been let run', async () => {
    const { ports, a, b, arrives } = sharing()
    await a.begin()
    void b.begin()
    arrives(new PlayedSession(), 'one')
    await settled()
    arrives(new PlayedSession(), 'two')
    expect(ports.map(({ texts }) => texts)).toEqual([['one'], ['two']])
  })

  test('gives what is sent along with a statement to the same actor', async () => {
    const { ports, a, b, arrives } = sharing()
    await a.begin()
    void b.begin()
    arrives(new PlayedSession(), 'one')
    arrives(new PlayedSession(), 'and another')
    await settled()
    ports[0].parked[0]?.complete()
    await settled()
    expect(ports.map(({ texts }) => texts)).toEqual([['one'], []])
    b.end()
    await settled()
    expect(ports.map(({ texts }) => texts)).toEqual([['one', 'and another'], []])
  })

  test('leaves a connection inside a transaction to who began it', async () => {
    const { ports, a, b, arrives } = sharing()
    const session = new PlayedSession()
    await a.begin()
    arrives(session, 'BEGIN')
    await settled()
    session.transaction = 'open'
    ports[0].parked[0]?.complete()
    await settled()
    a.end()
    await b.begin()
    arrives(session, 'COMMIT')
    expect(ports.map(({ texts }) => texts)).toEqual([['BEGIN', 'COMMIT'], []])
  })

  test('takes a connection from one actor when another one uses it', async () => {
    const { ports, a, b, arrives, run } = sharing()
    const session = new PlayedSession()
    await a.begin()
    arrives(session, 'one')
    await settled()
    ports[0].parked[0]?.complete()
    await settled()
    a.end()
    await b.begin()
    arrives(session, 'two')
    expect([a.has(session), b.has(session)]).toEqual([false, true])
    run.left(session)
    expect(ports.map(({ faults }) => faults.length)).toEqual([0, 1])
  })

  test('is over when a statement arrives and nobody has been let run', () => {
    const { ports, arrives } = sharing()
    arrives(new PlayedSession(), 'SELECT 1')
    expect(ports[0].faults.map(({ message }) => message)).toEqual([
      'Application "shop" sent "SELECT 1" while none of its commands was running: Lockstep cannot tell whose statement it is. Background work has to be switched off.',
    ])
  })

  test('is over when a session cannot be set up', () => {
    const { desk, ports } = sharing()
    const fault = new DatabaseFault('no such setting')
    desk.failed(fault)
    expect(ports[0].faults).toEqual([fault])
  })
})

test('each has what comes through its own door', () => {
  const desk = new Desk('shop', 'own')
  const run = desk.begin()
  const ports = [new PlayedPort(), new PlayedPort()] as const
  for (const [actor, port] of ports.entries()) run.seat(actor, port, [])
  desk.arrived(1, new PlayedSession(), statementOf('two'))
  desk.arrived(0, new PlayedSession(), statementOf('one'))
  expect(ports.map(({ texts }) => texts)).toEqual([['one'], ['two']])
})

describe('outside runs', () => {
  test('statements are sent as they come, and answered', async () => {
    const desk = new Desk('shop', 'shared')
    desk.open()
    const session = new PlayedSession()
    desk.arrived(0, session, statementOf('SELECT 1'))
    expect(session.executed).toEqual(['SELECT 1'])
    expect(desk.busy).toEqual([session])
    session.answer()
    await settled()
    expect(session.delivered).toBe(1)
    expect(desk.busy).toEqual([])
    desk.end()
    expect(() => desk.begin()).not.toThrow()
  })

  test('one that nobody expects is sent, and no run begins after it, but the next one', () => {
    const desk = new Desk('shop', 'shared')
    const session = new PlayedSession()
    desk.arrived(0, session, statementOf('SELECT 1'))
    expect(session.executed).toEqual(['SELECT 1'])
    expect(() => desk.begin()).toThrow('sent "SELECT 1" while none of its commands was running')
    expect(() => desk.begin()).not.toThrow()
  })

  test('what has been forgiven keeps no run from beginning', () => {
    const desk = new Desk('shop', 'shared')
    desk.arrived(0, new PlayedSession(), statementOf('SELECT 1'))
    desk.failed(new DatabaseFault('no such setting'))
    desk.forgive()
    expect(() => desk.begin()).not.toThrow()
  })

  test('nothing begins when a session could not be set up', () => {
    const desk = new Desk('shop', 'shared')
    desk.failed(new DatabaseFault('no such setting'))
    expect(() => desk.open()).toThrow('no such setting')
    expect(() => desk.open()).not.toThrow()
  })

  test('it is quiet when the last statement has been answered', async () => {
    const desk = new Desk('shop', 'shared')
    desk.open()
    const session = new PlayedSession()
    desk.arrived(0, session, statementOf('SELECT 1'))
    let isQuiet = false
    const quiet = desk.quiet(1_000).then(() => (isQuiet = true))
    await settled()
    expect(isQuiet).toBe(false)
    session.answer()
    await quiet
  })

  test('it is not quiet when a statement never ends', async () => {
    const desk = new Desk('shop', 'shared')
    desk.open()
    desk.arrived(0, new PlayedSession(), statementOf('SELECT 1'))
    await expect(desk.quiet(5)).rejects.toThrow(
      'Application "shop" had a statement under way for 5 ms after its commands had ended: it must await every one.',
    )
  })

  test('it is not quiet when a transaction is left open, unless its connection has gone', async () => {
    const desk = new Desk('shop', 'shared')
    desk.open()
    const session = new PlayedSession()
    desk.arrived(0, session, statementOf('BEGIN'))
    session.transaction = 'open'
    session.answer(open)
    await settled()
    await expect(desk.quiet(5)).rejects.toThrow(
      'Application "shop" ended a command with its transaction open: it must COMMIT or ROLLBACK.',
    )
    desk.left(session)
    await desk.quiet(5)
    expect(desk.losses).toBe(1)
  })

  test('a witness sees the statements of a session up to the end of its transaction', async () => {
    const desk = new Desk('shop', 'shared')
    const seen: string[] = []
    let witnesses = 0
    desk.watch(() => {
      const name = (witnesses += 1)
      return {
        sent: (statement) => seen.push(`${name} ${statement.parts.join()}`),
        answered: (_statement, { ok }) => seen.push(`${name} ${ok}`),
      }
    })
    desk.open()
    const session = new PlayedSession()
    const failed: StatementOutcome = { ok: false, error: refusal(), transaction: 'none' }
    for (const [text, outcome] of [
      ['BEGIN', open],
      ['UPDATE', failed],
      ['COMMIT', done],
      ['SELECT', done],
    ] as const) {
      desk.arrived(0, session, statementOf(text))
      session.answer(outcome)
      await settled()
    }
    expect(seen).toEqual([
      '1 BEGIN',
      '1 true',
      '1 UPDATE',
      '1 false',
      '1 COMMIT',
      '1 true',
      '2 SELECT',
      '2 true',
    ])
  })
})
