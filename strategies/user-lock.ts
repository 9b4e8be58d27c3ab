import { aborted, type Reply, type Session, type Transaction } from '../harness/index.ts'
import type { Queryable } from './queryable.ts'

/**
 * Advisory locks of MySQL and MariaDB. They belong to the session and know nothing of transactions.
 * The name is the whole server's, so the database's own name goes into it.
 * Source: MySQL manual, "Locking Functions".
 */
export async function getLock({ sql }: Queryable, name: string): Promise<boolean> {
  const [lock] = await sql<{ acquired: number | null }>`
    SELECT GET_LOCK(concat(DATABASE(), '.', ${name}), 10) AS acquired`
  return lock?.acquired === 1
}

export async function releaseLock({ sql }: Queryable, name: string): Promise<void> {
  await sql`SELECT RELEASE_LOCK(concat(DATABASE(), '.', ${name}))`
}

/** Holds the lock from before BEGIN until after COMMIT. */
export async function transactionUnderLock(
  session: Session,
  name: string,
  body: (tx: Transaction) => Promise<Reply>,
): Promise<Reply> {
  if (!(await getLock(session, name))) return aborted('lock timeout')
  try {
    return await session.transaction(body)
  } finally {
    await releaseLock(session, name)
  }
}
