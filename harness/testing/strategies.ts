import { ok, type Reply } from '../reply.ts'
import type { Session } from '../session.ts'
import { defineStrategy, type Strategy } from '../strategy.ts'
import { purchase } from '../workloads/purchase.ts'
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
