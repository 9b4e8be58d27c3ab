import { aborted, defineStrategy, redemption, type EngineName } from '../../harness/index.ts'
import type { Queryable } from '../queryable.ts'
import { getLock, releaseLock } from '../user-lock.ts'
import { redeem } from './check-then-insert.ts'

/**
 * The lock is taken and released inside the transaction: between its release and COMMIT the next one
 * looks, and does not see what is about to be committed. Met as a lock block in a method that is
 * wrapped in a transaction by an annotation (`synchronized` or a distributed lock under
 * `@Transactional`), where COMMIT comes after the last line.
 * Source: PostgreSQL manual, 13.3.5 "Advisory Locks", on locks that belong to the session.
 */
export default defineStrategy({
  name: 'advisory-lock-released-early',
  workload: redemption,
  summary: 'Holds an advisory lock named after the coupon, but not until COMMIT.',
  async execute(session, command) {
    const { acquire, release } = advisoryLock[session.engine]
    try {
      return await session.transaction(async (tx) => {
        if (!(await acquire(tx, command.code))) return aborted('lock timeout')
        const reply = await redeem(tx, command)
        await release(tx, command.code)
        return reply
      })
    } catch (error) {
      // The lock is the session's and outlasts ROLLBACK; to release one that is not held is no error.
      await release(session, command.code)
      throw error
    }
  },
})

interface AdvisoryLock {
  /** Whether it was acquired. */
  acquire(on: Queryable, name: string): Promise<boolean>
  release(on: Queryable, name: string): Promise<void>
}

const userLock: AdvisoryLock = { acquire: getLock, release: releaseLock }

const advisoryLock = {
  postgres: {
    async acquire({ sql }, name) {
      await sql`SELECT pg_advisory_lock(hashtext(${name}))`
      return true
    },
    async release({ sql }, name) {
      await sql`SELECT pg_advisory_unlock(hashtext(${name}))`
    },
  },
  mysql: userLock,
  mariadb: userLock,
} satisfies Record<EngineName, AdvisoryLock>
