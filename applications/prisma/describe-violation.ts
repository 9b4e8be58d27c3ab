import { expect, test } from 'vitest'
import { byName, engines, explore, random, type EngineName } from '../../harness/index.ts'
import { openLaneAt } from '../../harness/testing/lane.ts'
import readAfterViolation from './read-after-violation.ts'

/**
 * What becomes of those who come second: PostgreSQL has aborted their transaction, and refuses the statement
 * that would have told them why. The others answer it, but at repeatable read from before the INSERT.
 */
const abortedBy = {
  postgres: ['other'],
  mysql: ['conflict'],
  mariadb: ['conflict'],
} as const satisfies Record<EngineName, readonly string[]>

/** Declares what comes of going on with a transaction after P2002, at the engine's own level. */
export function describeViolation(name: EngineName, seed: number): void {
  test('whoever goes on after P2002 is not told what has happened', async () => {
    const engine = byName('database', engines, name)
    const lane = await openLaneAt({ isolation: engine.defaultIsolation }, engine)
    try {
      const { verdict, replies } = await explore({
        lane,
        strategy: readAfterViolation,
        explorer: random,
        grains: ['statement'],
        schedules: 40,
        seed,
      })
      expect(verdict).toBe('holds')
      expect(Object.keys(replies.aborted)).toEqual(abortedBy[name])
    } finally {
      await lane.close()
    }
  })
}
