import { describe, expect, test } from 'vitest'
import { DatabaseError } from './databases/database-error.ts'
import { ok, rejected } from './reply.ts'
import { describeStep, openSession, type Gate, type Session, type Step } from './session.ts'

const lost = new DatabaseError('connection lost', 'none', 'it broke')

/** A session whose connection breaks when the statement of this text is sent. */
function breakingAt(text: string): { readonly session: Session; readonly sent: Step[] } {
  const sent: Step[] = []
  const gate: Gate = (step) => {
    sent.push(step)
    const isOrphan = step.kind === 'statement' && step.isOrphan
    if (isOrphan || describeStep(step) === text) return Promise.reject(lost)
    return Promise.resolve(Object.assign([], { affectedRows: 0 }))
  }
  const session = openSession(gate, {
    attempts: 3,
    engine: 'postgres',
    process: { id: 0, memory: new Map() },
    connections: 2,
    requestId: 'A1',
  })
  return { session, sent }
}

const shown = (sent: readonly Step[]): string[] =>
  sent.map((step) => {
    const isOrphan = step.kind === 'statement' && step.isOrphan === true
    return describeStep(step) + (isOrphan ? ' (in vain)' : '')
  })

describe('a transaction whose connection is lost', () => {
  test('has nothing to roll back', async () => {
    const { session, sent } = breakingAt('SELECT 1')
    await expect(session.transaction((tx) => tx.sql`SELECT 1`)).rejects.toBe(lost)
    expect(shown(sent)).toEqual(['BEGIN', 'SELECT 1'])
  })

  test('does not go on over a new one', async () => {
    const { session, sent } = breakingAt('SELECT 1')
    const body = session.transaction(async (tx) => {
      await tx.sql`SELECT 1`.catch(() => undefined)
      await tx.sql`SELECT 2`.catch(() => undefined)
      return ok()
    })
    await expect(body).rejects.toBe(lost)
    expect(shown(sent)).toEqual(['BEGIN', 'SELECT 1', 'SELECT 2 (in vain)', 'COMMIT (in vain)'])
  })

  test('says what its body says, where nothing was to be committed', async () => {
    const { session, sent } = breakingAt('SELECT 1')
    const reply = await session.transaction(async (tx) => {
      await tx.sql`SELECT 1`.catch(() => undefined)
      return rejected('too late')
    })
    expect(reply).toEqual(rejected('too late'))
    expect(shown(sent)).toEqual(['BEGIN', 'SELECT 1'])
  })

  test('takes those statements for its own that go round it', async () => {
    const { session, sent } = breakingAt('SELECT 1')
    const body = session.transaction(async (tx) => {
      await session.sql`SELECT 1`.catch(() => undefined)
      await tx.sql`SELECT 2`
    })
    await expect(body).rejects.toBe(lost)
    expect(shown(sent)).toEqual(['BEGIN', 'SELECT 1', 'SELECT 2 (in vain)'])
  })

  test('is over: what comes after it goes over a new one', async () => {
    const { session, sent } = breakingAt('COMMIT')
    await expect(session.transaction(() => Promise.resolve(ok()))).rejects.toBe(lost)
    await session.sql`SELECT 1`
    await expect(session.transaction(() => Promise.resolve(ok()))).rejects.toBe(lost)
    expect(shown(sent)).toEqual(['BEGIN', 'COMMIT', 'SELECT 1', 'BEGIN', 'COMMIT'])
  })

  test('has nothing to do with that on the second one', async () => {
    const { session, sent } = breakingAt('SELECT 1')
    const body = session.transaction(async (tx) => {
      await tx.sql`SELECT 1`.catch(() => undefined)
      await session.second.sql`SELECT 2`
      return rejected('too late')
    })
    await expect(body).resolves.toEqual(rejected('too late'))
    expect(shown(sent)).toEqual(['BEGIN', 'SELECT 1', 'SELECT 2 (connection 2)'])
  })
})
