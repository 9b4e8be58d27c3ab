import { expect, test } from 'vitest'
import {
  engines,
  explore,
  random,
  type Engine,
  type EngineName,
  type Lane,
  type Strategy,
} from '../harness/index.ts'
import { serverForFile } from '../harness/testing/servers.ts'
import { describeOnServer } from '../harness/testing/suite.ts'
import prismaRace from './prisma/check-then-create.ts'
import prismaSafe from './prisma/unique-constraint.ts'
import tspaceRace from './tspace-mysql/no-row-lock.ts'
import tspaceSafe from './tspace-mysql/row-lock.ts'
import tspaceSwallowing from './tspace-mysql/swallowed-error.ts'

/** What breaks, and by how many actors with how many commands in all; the others hold. */
const broken: readonly (readonly [
  Strategy,
  invariant: string,
  actors: number,
  commands: number,
])[] = [
  [prismaRace, 'one-redemption-per-user', 2, 2],
  [tspaceRace, 'stock-conserved', 2, 2],
  [tspaceSwallowing, 'ok-has-its-purchase', 1, 1],
]
const safe = [prismaSafe, tspaceSafe]

const seed = 1

await Promise.all(engines.map(describeOn))

/**
 * Redeeming coupons with Prisma and selling stock with tspace-mysql, wherever they can be run: the
 * properties do the same with every application.
 */
async function describeOn(engine: Engine): Promise<void> {
  const server = await serverForFile(engine)
  const declare = (lane: () => Lane): void => {
    const options = () => ({ lane: lane(), explorer: random, grains: ['statement'], seed }) as const
    const isFor = (name: EngineName) => (strategy: Strategy) => strategy.engines.includes(name)

    for (const [strategy, invariant, actors, commands] of broken) {
      if (!isFor(engine.name)(strategy)) continue
      test(`${strategy.name} breaks ${invariant}`, async () => {
        const invariants = [invariant]
        const found = await explore({ ...options(), strategy, invariants, schedules: 300 })
        if (found.verdict !== 'violated') expect.fail(JSON.stringify(found))
        const { counterexample } = found
        expect(counterexample).toMatchObject({ invariant, actors, replays: { reproduced: 10 } })
        expect(counterexample.plan.actors.flat()).toHaveLength(commands)
        expect(counterexample.contextSwitches).toBeLessThanOrEqual(2)
      })
    }

    test.for(safe.filter(isFor(engine.name)))('$name holds', async (strategy) => {
      const found = await explore({ ...options(), strategy, actors: 3, schedules: 40 })
      expect(found).toMatchObject({ verdict: 'holds', schedules: 40 })
    })
  }
  describeOnServer('on', engine, server, declare, { timeout: 60_000 })
}
