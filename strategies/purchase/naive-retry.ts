import { defineStrategy, purchase } from '../../harness/index.ts'
import { withReconnect } from '../reconnect.ts'
import { buy } from './select-for-update.ts'

/**
 * The purchase is right, and is done again when the connection is lost. But whoever loses the connection
 * while it commits does not know whether it has: if it had, the second attempt buys a second time. Met
 * wherever a client, a pool or a proxy in between retries what it takes for not done.
 * Source: Stripe, "Designing robust and predictable APIs with idempotency", 2017; Gray and Reuter,
 * "Transaction Processing: Concepts and Techniques", 1992, on testable transactions.
 */
export default defineStrategy({
  name: 'naive-retry',
  workload: purchase,
  summary: 'Buys again as soon as the connection is lost, whatever became of the first attempt.',
  execute: (session, command) =>
    withReconnect(session, () => session.transaction((tx) => buy(tx, command))),
})
