import { describe, expect, test } from 'vitest'
import type { ActorSession, TransactionState } from '../databases/engine.ts'
import { statement } from '../databases/statement.ts'
import type { Step } from '../session.ts'
import { isStatement, mayCommit } from './target.ts'

const at = (text: string, transaction: TransactionState = 'none', isLost = false) => ({
  step: { kind: 'statement', statement: statement([text]) } as Step,
  session: { transaction, isLost } as ActorSession,
})

describe('what may commit', () => {
  test.each(['COMMIT', 'commit', ' END'])('%s, in a transaction', (text) => {
    expect(mayCommit(at(text, 'open'))).toBe(true)
  })

  test.each(['UPDATE a SET b = 1', 'INSERT INTO a VALUES (1)', 'WITH a AS (DELETE FROM b) SELECT'])(
    '%s, outside of one',
    (text) => {
      expect(mayCommit(at(text))).toBe(true)
      expect(mayCommit(at(text, 'open'))).toBe(false)
    },
  )

  test.each(['SELECT 1', 'BEGIN', 'start transaction', 'SET TRANSACTION READ ONLY', 'ROLLBACK'])(
    'not %s',
    (text) => {
      expect(mayCommit(at(text))).toBe(false)
      expect(mayCommit(at(text, 'open'))).toBe(false)
    },
  )

  test('not a COMMIT that has nothing to commit', () => {
    expect(mayCommit(at('COMMIT'))).toBe(false)
    expect(mayCommit(at('COMMIT', 'failed'))).toBe(false)
  })

  test('not the rest of a statement, and not a sleep', () => {
    const { step, session } = at('UPDATE a SET b = 1')
    expect(mayCommit({ step: { ...step, kind: 'phase' } as Step, session })).toBe(false)
    expect(mayCommit({ step: { kind: 'sleep', ms: 1 }, session })).toBe(false)
  })

  test('nothing on a connection that is lost', () => {
    expect(mayCommit(at('COMMIT', 'open', true))).toBe(false)
    expect(isStatement(at('SELECT 1', 'none', true))).toBe(false)
  })
})
