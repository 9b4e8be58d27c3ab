import { describe, expect, test } from 'vitest'
import type { EngineName } from '../databases/engine-name.ts'
import type { ActorSession, TransactionState } from '../databases/engine.ts'
import { statement } from '../databases/statement.ts'
import type { Step } from '../session.ts'
import { isStatement, mayCommit } from './target.ts'

const at = (
  text: string,
  transaction: TransactionState = 'none',
  isLost = false,
  engineName: EngineName = 'postgres',
) => ({
  step: { kind: 'statement', statement: statement([text]) } as Step,
  session: { transaction, isLost } as ActorSession,
  engine: engineName,
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

  test.each([
    'SELECT buy(1)',
    'CALL buy(1)',
    'DO $$ BEGIN PERFORM buy(1); END $$',
    'SET @a = buy(1)',
    'BEGIN; UPDATE a SET b = 1; COMMIT',
    '/* by buy */ UPDATE a SET b = 1',
    "XA COMMIT 'a'",
    'EXECUTE buy',
    'CREATE TABLE c (d INT)',
  ])('%s, outside of a transaction', (text) => {
    expect(mayCommit(at(text))).toBe(true)
  })

  test.each([
    '/* by buy */ COMMIT',
    '-- by buy\nCOMMIT AND CHAIN',
    '/*!50000 COMMIT */',
    'CALL buy(1)',
    'SET autocommit = 1',
    "XA COMMIT 'a' ONE PHASE",
    'EXECUTE the_end',
    'CREATE TABLE c (d INT)',
    'UPDATE a SET b = 1; COMMIT',
  ])('%s, in a transaction', (text) => {
    expect(mayCommit(at(text, 'open'))).toBe(true)
  })

  test.each(['SELECT buy(1)', '/* by buy */ SELECT buy(1)', 'SAVEPOINT a', 'LOCK TABLE a'])(
    'not %s, in a transaction',
    (text) => {
      expect(mayCommit(at(text, 'open'))).toBe(false)
    },
  )

  test('BEGIN in a transaction, but not on PostgreSQL', () => {
    expect(mayCommit(at('BEGIN', 'open', false, 'mysql'))).toBe(true)
    expect(mayCommit(at('START TRANSACTION', 'open', false, 'mariadb'))).toBe(true)
  })

  test('of a transaction that has failed, what follows it', () => {
    expect(mayCommit(at('ROLLBACK', 'failed'))).toBe(false)
    expect(mayCommit(at('ROLLBACK; UPDATE a SET b = 1', 'failed'))).toBe(true)
  })

  test.each([
    'SELECT count(*) FROM a WHERE b = 1 FOR UPDATE',
    '/* by look */ SELECT b FROM a',
    '/* by look */ BEGIN',
    'SHOW TABLES',
    'SET @a = 1',
  ])('not %s, outside of one', (text) => {
    expect(mayCommit(at(text))).toBe(false)
  })

  test('not a COMMIT that has nothing to commit', () => {
    expect(mayCommit(at('COMMIT'))).toBe(false)
    expect(mayCommit(at('COMMIT', 'failed'))).toBe(false)
  })

  test('not the rest of a statement, and not a sleep', () => {
    const target = at('UPDATE a SET b = 1')
    expect(mayCommit({ ...target, step: { ...target.step, kind: 'phase' } as Step })).toBe(false)
    expect(mayCommit({ ...target, step: { kind: 'sleep', ms: 1 } })).toBe(false)
  })

  test('nothing on a connection that is lost', () => {
    expect(mayCommit(at('COMMIT', 'open', true))).toBe(false)
    expect(isStatement(at('SELECT 1', 'none', true))).toBe(false)
  })
})
