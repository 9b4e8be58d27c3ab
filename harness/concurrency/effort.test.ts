import { expect, test } from 'vitest'
import { DatabaseError, type ErrorClass } from '../databases/database-error.ts'
import type { ActorSession, StatementOutcome, TransactionState } from '../databases/engine.ts'
import { statement, type Statement } from '../databases/statement.ts'
import { Effort } from './effort.ts'

const done: StatementOutcome = { ok: true, rows: [], affectedRows: 0, transaction: 'none' }
const refused = (error: ErrorClass): StatementOutcome => ({
  ok: false,
  error: new DatabaseError(error, '0', 'refused'),
  transaction: 'none',
})

const begin = statement(['BEGIN'])
const update = statement(['UPDATE product SET stock = 1'])
const commit = statement(['COMMIT'])
const rollback = statement(['ROLLBACK'])
const toSavepoint = statement(['ROLLBACK TO SAVEPOINT s'])
const release = statement(['SELECT RELEASE_LOCK(1)'])

type Sent = readonly [Statement, ErrorClass?]

/** What one command takes, whose statements are sent outside a transaction or inside one. */
function effortOf(sent: readonly Sent[], transaction: TransactionState = 'none') {
  const effort = new Effort()
  const witness = effort.watch()
  for (const [text, error] of sent) {
    witness.sent(text, { transaction } as ActorSession)
    witness.answered(text, error === undefined ? done : refused(error))
  }
  return { retries: effort.retries, aborts: effort.aborts }
}

test('two transactions of one command are no retry', () => {
  const twice: Sent[] = [[begin], [update], [commit], [begin], [update], [commit]]
  expect(effortOf(twice)).toEqual({ retries: 0, aborts: 0 })
})

test('a transaction after a refusal is a retry', () => {
  const again: Sent[] = [[begin], [update, 'deadlock'], [rollback], [begin], [update], [commit]]
  expect(effortOf(again, 'open')).toEqual({ retries: 1, aborts: 1 })
})

test('a transaction after a rollback of the strategy’s own is a retry, and nothing was refused', () => {
  const again: Sent[] = [[begin], [update], [rollback], [begin], [update], [commit]]
  expect(effortOf(again)).toEqual({ retries: 1, aborts: 0 })
})

test('what comes after a rollback and begins nothing is no retry', () => {
  expect(effortOf([[begin], [rollback], [release]])).toEqual({ retries: 0, aborts: 0 })
  expect(effortOf([[begin], [toSavepoint], [commit], [begin]])).toEqual({ retries: 0, aborts: 0 })
})

test('a statement outside a transaction that is sent again is a retry', () => {
  expect(effortOf([[update, 'deadlock'], [update]])).toEqual({ retries: 1, aborts: 1 })
  expect(effortOf([[update, 'deadlock'], [release]])).toEqual({ retries: 0, aborts: 1 })
  expect(effortOf([[update], [update]])).toEqual({ retries: 0, aborts: 0 })
})

test('a refusal that speaks of the data is no abort', () => {
  expect(effortOf([[update, 'unique violation']]).aborts).toBe(0)
  expect(effortOf([[update, 'check violation']]).aborts).toBe(0)
  expect(effortOf([[update, 'serialization failure']]).aborts).toBe(1)
  expect(effortOf([[update, 'lock timeout']]).aborts).toBe(1)
})
