import {
  defineStrategy,
  ok,
  purchase,
  type Bought,
  type EngineName,
  type Reply,
  type Session,
} from '../../harness/index.ts'
import type { Queryable } from '../queryable.ts'
import { withRetry } from '../retry.ts'
import { refusal, takeFromStock } from './steps.ts'

/**
 * Write the order and commit, then take from the stock in a transaction of its own, and delete the
 * order again if that fails: what becomes of one transaction when orders and stock move into two
 * services. In between everybody sees an order for which there may be nothing, and a crash leaves it.
 * Source: Garcia-Molina and Salem, "Sagas", SIGMOD 1987.
 */
export default defineStrategy({
  name: 'order-then-decrement',
  workload: purchase,
  summary:
    'Inserts the purchase, then takes from the stock, and deletes the purchase if it cannot.',
  schema: {
    postgres: ['ALTER TABLE purchase ADD COLUMN id INT GENERATED ALWAYS AS IDENTITY PRIMARY KEY'],
    mysql: ['ALTER TABLE purchase ADD COLUMN id INT AUTO_INCREMENT PRIMARY KEY'],
    mariadb: ['ALTER TABLE purchase ADD COLUMN id INT AUTO_INCREMENT PRIMARY KEY'],
  },
  async execute(session, command) {
    const id = await insertOrder[session.engine](session, command)
    let reply: Reply
    try {
      reply = (await takeFromStock(session, command)) ? ok() : await refusal(session, command)
    } catch (error) {
      await compensate(session, id)
      throw error
    }
    if (reply.kind !== 'ok') await compensate(session, id)
    return reply
  },
})

async function compensate(session: Session, id: number): Promise<void> {
  await withRetry(session, () => session.sql`DELETE FROM purchase WHERE id = ${id}`)
}

/** Answers the new row's id. */
type Insert = (on: Queryable, bought: Bought) => Promise<number>

const insertReturningId: Insert = async ({ sql }, { userId, productId, quantity }) => {
  const [row] = await sql<{ id: number }>`
    INSERT INTO purchase (user_id, product_id, quantity) VALUES (${userId}, ${productId}, ${quantity})
    RETURNING id`
  return row?.id ?? 0
}

const insertOrder = {
  postgres: insertReturningId,
  mysql: async ({ sql }, { userId, productId, quantity }) => {
    await sql`
      INSERT INTO purchase (user_id, product_id, quantity) VALUES (${userId}, ${productId}, ${quantity})`
    const [row] = await sql<{ id: number }>`SELECT LAST_INSERT_ID() AS id`
    return row?.id ?? 0
  },
  mariadb: insertReturningId,
} satisfies Record<EngineName, Insert>
