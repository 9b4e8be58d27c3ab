import { aborted, defineStrategy, redemption } from '../../harness/index.ts'
import { redeem } from './check-then-insert.ts'

const tries = 20

/**
 * A mutex in the application's memory around check-then-insert, one for each coupon. It does exclude
 * the other requests of its own process, and passes every test that is run against one; a second
 * instance of the service has a mutex of its own. Met as `synchronized`, `asyncio.Lock` and the
 * package `async-mutex`, from the time when there was one instance.
 * Source: Martin Kleppmann, "Designing Data-Intensive Applications", chapter 8, on what several nodes
 * have to agree on.
 */
export default defineStrategy({
  name: 'app-mutex',
  workload: redemption,
  summary: "Holds a lock in its process's memory, and does check-then-insert.",
  async execute(session, command) {
    const held = session.process.memory
    for (let attempt = 1; attempt <= tries; attempt++) {
      if (!held.has(command.code)) {
        held.set(command.code, true)
        try {
          return await session.transaction((tx) => redeem(tx, command))
        } finally {
          held.delete(command.code)
        }
      }
      await session.sleep(10)
    }
    return aborted('conflict')
  },
})
