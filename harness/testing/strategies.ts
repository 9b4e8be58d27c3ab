import type { Plan } from '../plan.ts'
import { ok, rejected, type Reply } from '../reply.ts'
import type { Session } from '../session.ts'
import { defineStrategy, type Strategy } from '../strategy.ts'
import { purchase } from '../workloads/purchase.ts'
import { redemption } from '../workloads/redemption.ts'
import type { Purchase } from '../workloads/stock.ts'

/** A strategy for tests that does with a purchase whatever `execute` does. */
export function purchaseStrategy(
  name: string,
  execute: (session: Session, command: Purchase) => Promise<Reply>,
  claims: readonly string[] = ['stock-never-negative'],
  connections: 1 | 2 = 1,
): Strategy {
  const summary = 'For a test.'
  return defineStrategy({ name, workload: purchase, summary, claims, execute, connections })
}

/** Locks the product that is bought and then the other one: buyers of different ones deadlock. */
export const oppositeOrder = purchaseStrategy('opposite-order', (session, command) =>
  session.transaction(async (tx) => {
    await tx.sql`SELECT id FROM product WHERE id = ${command.productId} FOR UPDATE`
    await tx.sql`SELECT id FROM product WHERE id = ${3 - command.productId} FOR UPDATE`
    return ok()
  }),
)

/** Checks and inserts in one statement, which is a transaction of its own: nothing to interleave. */
export const insertWhereNotExists = defineStrategy({
  name: 'insert-where-not-exists',
  workload: redemption,
  summary: 'For a test.',
  async execute({ sql }, { userId, code }) {
    const { affectedRows } = await sql`
      INSERT INTO redemption (coupon_id, user_id) SELECT id, ${userId} FROM coupon WHERE code = ${code}
      AND NOT EXISTS (SELECT 1 FROM redemption WHERE coupon_id = coupon.id AND user_id = ${userId})`
    return affectedRows === 1 ? ok() : rejected('already redeemed')
  },
})

const redeem = { kind: 'redeem', userId: 1, code: 'C1' }

/** Two actors redeem the same coupon for the same user. */
export const oneUserTwice: Plan = {
  initial: { coupon: [{ id: 1, code: 'C1', active: true, cap: null }], redemption: [] },
  actors: [[redeem], [redeem]],
  schedule: [],
  attempts: 1,
}
