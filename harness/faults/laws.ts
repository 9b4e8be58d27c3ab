import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Engine, Lane } from '../databases/engine.ts'
import type { DatabaseServer } from '../databases/server.ts'
import { isDatabaseError } from '../databases/database-error.ts'
import type { Grain } from '../grain.ts'
import type { ActorId, History } from '../history.ts'
import type { Plan } from '../plan.ts'
import { ok, rejected } from '../reply.ts'
import { executeRun, prepareLane, type RunRecord } from '../run.ts'
import { purchaseStrategy } from '../testing/strategies.ts'
import type { FaultName, FaultType } from './fault.ts'

/** An engine to strike faults on, and how to look at it from outside. */
export interface StruckEngine {
  readonly engine: Engine
  /** Why there is no server of it. */
  readonly missing?: string | undefined
  readonly server: () => DatabaseServer
  /** Kinds of faults that take a second here, or nearly. */
  readonly slow?: readonly FaultName[]
  /** Sessions in the database of a lane, and those of them that have a transaction or a lock. */
  leftovers(lane: Lane): Promise<{ readonly sessions: number; readonly busy: number }>
}

/** Buys what it has locked, and tries again whatever the database says. */
const insistent = purchaseStrategy('insistent', async (session, command) => {
  const { userId, productId, quantity } = command
  for (let left = session.attempts - 1; ; left--) {
    try {
      return await session.transaction(async (tx) => {
        const [product] = await tx.sql<{ stock: number }>`
          SELECT stock FROM product WHERE id = ${productId} FOR UPDATE`
        if (!product || product.stock < quantity) return rejected('not enough stock')
        await tx.sql`UPDATE product SET stock = ${product.stock - quantity} WHERE id = ${productId}`
        await tx.sql`INSERT INTO purchase VALUES (${userId}, ${productId}, ${quantity})`
        return ok()
      })
    } catch (error) {
      if (!isDatabaseError(error) || left <= 0) throw error
    }
  }
})

/** InnoDB's list of transactions is a copy that is not renewed while it is read more often than every 100 ms. */
const looking = { timeout: 5_000, interval: 150 }

const buy = (userId: number) => ({ kind: 'purchase', userId, productId: 1, quantity: 1 })

/** A has locked the product, and B waits for it: then the faults of either can be struck. */
const aBeforeB: Plan = {
  initial: { product: [{ id: 1, stock: 9 }], purchase: [] },
  actors: [
    [buy(1), buy(3)],
    [buy(2), buy(4)],
  ],
  schedule: [0, 0, 1, 0, 0],
  attempts: 3,
}

const struckBy = (kind: FaultName, actor: ActorId, step: number): Plan => ({
  ...aBeforeB,
  faults: [{ actor, step, kind }],
})

const faultsIn = (history: History) => history.filter((event) => event.kind === 'fault')

/** What every kind of fault must keep to, on an engine. */
export function faultLaws(type: FaultType, struck: StruckEngine): void {
  const { engine, missing } = struck
  const kind = type.name
  const isSlow = struck.slow?.includes(kind) === true
  /** B waits, and only who waits can be struck for that. */
  const actors: readonly ActorId[] = kind.endsWith('timeout') ? [1] : [0, 1]

  const suite = missing === undefined ? engine.title : `${engine.title} (not run: ${missing})`
  describe.skipIf(missing !== undefined)(`${kind} on ${suite}`, () => {
    let lane: Lane
    beforeAll(async () => {
      lane = await engine.openLane(struck.server(), { isolation: 'read-committed' })
    })
    afterAll(() => lane?.close())

    const runAt = (grain: Grain, plan: Plan): Promise<RunRecord> =>
      executeRun({ lane, strategy: insistent, plan, grain })

    test.for(actors)('strikes actor %s once, and where the plan says', async (actor) => {
      await prepareLane(lane, insistent)
      const { history, observation } = await runAt('statement', struckBy(kind, actor, 1))
      expect(faultsIn(history)).toMatchObject([{ fault: kind, actor }])
      const own = observation.commands.filter((each) => each.actor === actor)
      const told = own.map(({ reply }) => reply.kind)
      const isDead = type.moment === 'before' && type.ends === 'program'
      expect(told).toEqual(isDead ? ['unknown'] : ['ok', 'ok'])
      // What strikes once fails one statement, and none of those that come after it.
      const failed = history.filter((each) => each.kind === 'failed' && each.actor === actor)
      expect(failed).toHaveLength(isDead ? 0 : 1)
      const others = observation.commands.filter((each) => each.actor !== actor)
      expect(others.map(({ reply }) => reply.kind)).toEqual(['ok', 'ok'])
    })

    test.for(['statement', 'phase'] as const)(
      'gives the same history each time, in grain %s, and leaves nothing behind',
      async (grain) => {
        await prepareLane(lane, insistent, grain)
        const { history: undisturbed } = await runAt(grain, aBeforeB)
        await lane.reset(aBeforeB.initial) // which goes on while nobody waits for it
        const before = await struck.leftovers(lane)
        for (const actor of isSlow ? actors.slice(0, 1) : actors) {
          const plan = struckBy(kind, actor, 2)
          const { history: first } = await runAt(grain, plan)
          const released = first.findIndex((each) => each.kind === 'unblocked')
          const struckAt = first.findIndex((each) => each.kind === 'fault')
          // What it lets go on comes after it.
          if (type.moment === 'before' && actor === 0) expect(struckAt).toBeLessThan(released)
          const runs = isSlow ? 2 : grain === 'phase' ? 4 : 10
          for (let run = 1; run < runs; run++) {
            expect((await runAt(grain, plan)).history).toEqual(first)
          }
          // What is lost at the end of a run has a successor at the beginning of the next one.
          await lane.sessions(2)
          await lane.reset(aBeforeB.initial)
          await expect.poll(() => struck.leftovers(lane), looking).toEqual(before)
          expect((await runAt(grain, aBeforeB)).history).toEqual(undisturbed)
        }
      },
    )

    test('leaves no row behind, whatever was done without an answer', async () => {
      await prepareLane(lane, insistent)
      const alone = { ...struckBy(kind, 0, 4), actors: [[buy(1)]], attempts: 1, schedule: [] }
      await runAt('statement', alone)
      await lane.sessions(1)
      const rows = { product: [{ id: 1, stock: 9 }], purchase: [] }
      await lane.reset(rows)
      expect(await lane.observe()).toEqual(rows)
    })

    test('does nothing beyond the end of the run', async () => {
      await prepareLane(lane, insistent)
      const { history: undisturbed } = await runAt('statement', aBeforeB)
      const { history } = await runAt('statement', struckBy(kind, 1, 99))
      expect(history).toEqual(undisturbed)
    })
  })
}
