import { setTimeout as sleep } from 'node:timers/promises'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import type { EngineName } from '../../engine-name.ts'

const pollMs = 10
const recoveryLimitMs = 60_000

/**
 * Waits until a server that came back has undone what its end has left unfinished. PostgreSQL has
 * nothing to undo. InnoDB takes connections first, and rolls back in the background: until then
 * what was not committed still has its locks, which are nobody's. It also removes what had been deleted
 * before, which changes what others can lock meanwhile.
 *
 * @throws {Error} when it cannot be asked, or takes too long
 */
export const untilRecovered = (engine: EngineName, url: string): Promise<void> => waits[engine](url)

const waits = {
  postgres: () => Promise.resolve(),
  mysql: untilIdle,
  mariadb: untilIdle,
} as const satisfies Record<EngineName, (url: string) => Promise<void>>

async function untilIdle(url: string): Promise<void> {
  const deadline = performance.now() + recoveryLimitMs
  const connection = await createConnection({ uri: url.replace(/^mariadb:/, 'mysql:') })
  // A statement's rejection says it too.
  connection.on('error', () => {})
  try {
    for (;;) {
      const [rows] = await connection.query<RowDataPacket[]>('SHOW ENGINE INNODB STATUS')
      const report = String(rows[0]?.['Status'])
      if (!isRollingBack(report) && !isPurging(report)) return
      if (performance.now() > deadline) {
        throw new Error(`It had not cleared up within ${recoveryLimitMs / 1000} s.`)
      }
      await sleep(pollMs)
    }
  } finally {
    connection.destroy()
  }
}

/**
 * Whether the report of InnoDB shows a transaction from before the kill. One that was prepared (XA)
 * is not among them: it waits for somebody to commit it.
 */
export const isRollingBack = (report: string): boolean =>
  /^---TRANSACTION (?!.*PREPARED).* recovered trx/m.test(report)

/**
 * Whether the report of InnoDB shows its purge at work. The length of the history says nothing of it: MySQL
 * leaves a little of it for later.
 */
export const isPurging = (report: string): boolean =>
  /^Purge done for .* state: running$/m.test(report)
