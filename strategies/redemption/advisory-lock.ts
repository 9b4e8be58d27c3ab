import {
  defineStrategy,
  redemption,
  type EngineName,
  type Reply,
  type Session,
} from '../../harness/index.ts'
import { transactionUnderLock } from '../user-lock.ts'
import { redeem } from './check-then-insert.ts'
import type { Redeemed } from './steps.ts'

/**
 * A lock on a name instead of a row, held until the transaction is over. Met where there is no row to
 * lock yet, in schedulers and in migration tools. PostgreSQL has one that ends with the transaction; but
 * the statement that takes it is also the transaction's first, and at repeatable read it fixes the
 * snapshot before it waits, so that the looks that follow miss what the lock's last holder did.
 * MySQL's belongs to the session: it is taken before BEGIN and released after COMMIT.
 * Source: PostgreSQL manual, 13.3.5 "Advisory Locks"; MySQL manual, "Locking Functions".
 */
export default defineStrategy({
  name: 'advisory-lock',
  workload: redemption,
  summary: 'Holds an advisory lock named after the coupon, and does check-then-insert.',
  execute: (session, command) => redeemUnderLock[session.engine](session, command),
})

type RedeemUnderLock = (session: Session, command: Redeemed) => Promise<Reply>

const underUserLock: RedeemUnderLock = (session, command) =>
  transactionUnderLock(session, command.code, (tx) => redeem(tx, command))

const redeemUnderLock = {
  postgres: (session, command) =>
    session.transaction(async (tx) => {
      await tx.sql`SELECT pg_advisory_xact_lock(hashtext(${command.code}))`
      return redeem(tx, command)
    }),
  mysql: underUserLock,
  mariadb: underUserLock,
} satisfies Record<EngineName, RedeemUnderLock>
