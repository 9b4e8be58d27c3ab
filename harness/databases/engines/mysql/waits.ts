import type mysql from 'mysql2'
import type { WaitEdge } from '../base-lane.ts'
import { askPrepared } from '../innodb/client.ts'
import type { LaneSession } from '../innodb/session.ts'
import { toSessions } from '../innodb/thread-waits.ts'

/**
 * Row and table locks of InnoDB. Not `information_schema.INNODB_TRX`, which is a copy that is not
 * renewed while it is read more often than every 100 ms.
 * Source: MySQL manual, 29.12.13.2 "The data_lock_waits Table".
 */
const waitsSql = `
  SELECT DISTINCT REQUESTING_ENGINE_TRANSACTION_ID AS waiter, BLOCKING_ENGINE_TRANSACTION_ID AS blocker
  FROM performance_schema.data_lock_waits`

/**
 * Whose transactions they are. A lock's thread is the one that made it, which is not always who holds
 * it or waits for it: the lock of a row that was just inserted is made by whoever comes to wait for
 * it, and when an update moves a row, the locks of those who wait for it are made anew by who updates
 * it. Locks on tables are always made by who holds them.
 * Source: MySQL manual, 29.12.13.1 "The data_locks Table".
 */
const ownersSql = `
  SELECT DISTINCT ENGINE_TRANSACTION_ID AS transaction, THREAD_ID AS thread
  FROM performance_schema.data_locks WHERE LOCK_TYPE = 'TABLE'`

interface TransactionWait {
  readonly waiter: number | string
  readonly blocker: number | string
}

/** The threads of transactions, which are asked for once, as that is dear. */
export class TransactionOwners {
  #threads = new Map<string, number>()
  /** While these are open. A transaction that has written nothing may have the number of an older one. */
  #sessions: readonly LaneSession[] = []

  /** Who waits for whom, for locks of InnoDB's own. */
  async readWaits(
    watcher: mysql.Connection,
    sessions: readonly LaneSession[],
  ): Promise<readonly WaitEdge[]> {
    if (sessions !== this.#sessions) this.#threads.clear()
    this.#sessions = sessions
    const waits = await askPrepared<TransactionWait[]>(watcher, waitsSql)
    const transactions = waits.flatMap(({ waiter, blocker }) => [String(waiter), String(blocker)])
    if (transactions.some((id) => !this.#threads.has(id))) await this.#readOwners(watcher)
    const threadWaits = waits.flatMap(({ waiter, blocker }) => {
      const thread = this.#threads.get(String(waiter))
      if (thread === undefined) return []
      return [{ waiter: thread, blocker: this.#threads.get(String(blocker)) ?? null }]
    })
    return toSessions(threadWaits, sessions)
  }

  async #readOwners(watcher: mysql.Connection): Promise<void> {
    const owners = await askPrepared<{ transaction: number | string; thread: number }[]>(
      watcher,
      ownersSql,
    )
    // Those that have ended are of no use any more.
    this.#threads = new Map(owners.map(({ transaction, thread }) => [String(transaction), thread]))
  }
}
