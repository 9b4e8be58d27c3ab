import {
  defineStrategy,
  isDatabaseError,
  ok,
  purchase,
  type Bought,
  type Session,
} from '../../harness/index.ts'
import { buy } from './select-for-update.ts'

/**
 * The locks are right; but the function that buys catches every failure, rolls back, logs it, and
 * returns; that there was not enough goes the same way. The caller sees no error and counts a sale. Met in load tests of the kind
 * "500 buyers at once, count the successes", which then report 500, and in handlers that answer 200.
 * Source: Yuan et al., "Simple Testing Can Prevent Most Critical Failures", OSDI 2014, on error
 * handlers that only log.
 */
export default defineStrategy({
  name: 'swallowed-error',
  workload: purchase,
  summary: "Locks the product's row, logs what goes wrong, and answers ok.",
  async execute(session, command) {
    await buyAndLog(session, command)
    return ok()
  },
})

async function buyAndLog(session: Session, bought: Bought): Promise<void> {
  try {
    await session.transaction((tx) => buy(tx, bought))
  } catch (error) {
    if (!isDatabaseError(error)) throw error
    // Here the service writes a line to its log.
  }
}
