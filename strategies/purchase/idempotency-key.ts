import {
  defineStrategy,
  isDatabaseError,
  ok,
  purchase,
  type Purchase,
  type Reply,
  type Session,
} from '../../harness/index.ts'
import { withReconnect } from '../reconnect.ts'
import { buy } from './select-for-update.ts'

/**
 * naive-retry, but with each purchase the key of its request is written, in the same transaction, and no
 * key twice. An attempt whose key is there already knows that one before it was committed.
 * Source: Stripe, "Designing robust and predictable APIs with idempotency", 2017.
 */
export default defineStrategy({
  name: 'idempotency-key',
  workload: purchase,
  summary: 'Writes the key of the request together with the purchase, and no key twice.',
  schema: ['CREATE TABLE purchase_key (request_id VARCHAR(40) PRIMARY KEY)'],
  execute: (session, command) => withReconnect(session, () => buyOnce(session, command)),
})

async function buyOnce(session: Session, command: Purchase): Promise<Reply> {
  try {
    return await session.transaction(async (tx) => {
      await tx.sql`INSERT INTO purchase_key (request_id) VALUES (${session.requestId})`
      return buy(tx, command)
    })
  } catch (error) {
    if (!isDatabaseError(error, 'unique violation')) throw error
    return ok()
  }
}
