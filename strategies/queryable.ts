import type { Transaction } from '../harness/index.ts'

/** Whatever statements can be sent on: a transaction, or a session outside one. */
export type Queryable = Pick<Transaction, 'sql'>
