import {
  defineStrategy,
  purchase,
  type EngineName,
  type Reply,
  type Session,
  type Transaction,
} from '../../harness/index.ts'
import { transactionUnderLock } from '../user-lock.ts'
import { buy } from './read-modify-write.ts'
import { addToStock } from './steps.ts'

/**
 * A lock on a name instead of a row, held until the transaction is over. It only works if everybody
 * takes it, so the restocking has to as well. On PostgreSQL the statement that takes it is the
 * transaction's first, and from repeatable read on fixes the snapshot before it waits: the stock that
 * is read then is old, and the UPDATE is refused with a serialization failure. MySQL's lock belongs to
 * the session: it is taken before BEGIN and released after COMMIT.
 * Source: PostgreSQL manual, 13.3.5 "Advisory Locks"; MySQL manual, "Locking Functions".
 */
export default defineStrategy({
  name: 'advisory-lock',
  workload: purchase,
  summary: 'Holds an advisory lock named after the product, and does read-modify-write.',
  execute: (session, command) =>
    underLock[session.engine](session, command.productId, (tx) => buy(tx, command)),
  handlers: {
    restock: (session, command) =>
      underLock[session.engine](session, command.productId, (tx) => addToStock(tx, command)),
  },
})

type UnderLock = (
  session: Session,
  productId: number,
  body: (tx: Transaction) => Promise<Reply>,
) => Promise<Reply>

const underUserLock: UnderLock = (session, productId, body) =>
  transactionUnderLock(session, `product ${productId}`, body)

const underLock = {
  postgres: (session, productId, body) =>
    session.transaction(async (tx) => {
      await tx.sql`SELECT pg_advisory_xact_lock(${productId})`
      return body(tx)
    }),
  mysql: underUserLock,
  mariadb: underUserLock,
} satisfies Record<EngineName, UnderLock>
