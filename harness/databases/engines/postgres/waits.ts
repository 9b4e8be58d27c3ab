import type pg from 'pg'
import type { WaitEdge } from '../base-lane.ts'

/**
 * Who waits for whom. The second function knows the waits of SERIALIZABLE READ ONLY DEFERRABLE
 * transactions, which are not on locks.
 * Source: PostgreSQL manual, 9.27 "System Information Functions".
 */
const waitsSql =
  'SELECT pid, pg_blocking_pids(pid) || pg_safe_snapshot_blocking_pids(pid) AS blockers FROM unnest($1::int[]) AS pid'

/** Number that stands for a transaction that was prepared for a two-phase commit. */
const preparedTransaction = 0

/** What the sessions with these process numbers wait for at this moment. */
export async function readWaits(
  watcher: pg.Client,
  pids: readonly number[],
): Promise<readonly WaitEdge[]> {
  const { rows } = await watcher.query<{ pid: number; blockers: number[] }>({
    name: 'waits',
    text: waitsSql,
    values: [pids],
  })
  return rows.flatMap(({ pid, blockers }) =>
    blockers.map((blocker) => ({
      waiter: pid,
      blocker: blocker === preparedTransaction ? 'a prepared transaction' : blocker,
    })),
  )
}
