import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isDatabaseError } from '../databases/database-error.ts'
import type { Lane } from '../databases/engine.ts'
import { engines } from '../databases/engines/index.ts'
import { mariadb } from '../databases/engines/mariadb/index.ts'
import { postgres } from '../databases/engines/postgres/index.ts'
import { startEmbeddedPostgres } from '../databases/providers/embedded.ts'
import { startLocalServer } from '../databases/providers/local.ts'
import { explore, type ExploreOptions } from '../explore.ts'
import { random } from '../explorers/random.ts'
import type { Plan } from '../plan.ts'
import { ok } from '../reply.ts'
import { executeRun, judge, prepareLane } from '../run.ts'
import type { Session } from '../session.ts'
import { defineStrategy, type Strategy } from '../strategy.ts'
import { openLane } from '../testing/lane.ts'
import { mortalServerForFile } from '../testing/servers.ts'
import { describeOnServer } from '../testing/suite.ts'
import { purchase } from '../workloads/purchase.ts'
import type { Purchase } from '../workloads/stock.ts'

/** Takes from the stock and notes the purchase, without a look: for one client there is always enough. */
const buy = (session: Session, { userId, productId, quantity }: Purchase) =>
  session.transaction(async (tx) => {
    await tx.sql`UPDATE product SET stock = stock - ${quantity} WHERE id = ${productId}`
    await tx.sql`INSERT INTO purchase VALUES (${userId}, ${productId}, ${quantity})`
    return ok()
  })

const strategyOf = (
  name: string,
  execute: (session: Session, command: Purchase) => ReturnType<typeof buy>,
  schema: Strategy['schema'] = [],
): Strategy =>
  defineStrategy({
    name,
    workload: purchase,
    summary: 'For a test.',
    claims: ['ok-has-its-purchase', 'bought-once'],
    schema,
    execute,
  })

const careful = strategyOf('careful', buy)

const insistent = strategyOf('insistent', async (session, command) => {
  try {
    return await buy(session, command)
  } catch (error) {
    if (!isDatabaseError(error, 'connection lost')) throw error
    return buy(session, command)
  }
})

/** Its purchases are in a table that a server empties when it has been killed. */
const forgetful = strategyOf('forgetful', buy, {
  postgres: ['ALTER TABLE purchase SET UNLOGGED'],
  mysql: ['ALTER TABLE purchase ENGINE = MEMORY'],
  mariadb: ['ALTER TABLE purchase ENGINE = MEMORY'],
})

const bought = (userId: number) => ({ kind: 'purchase', userId, productId: 1, quantity: 1 })

/** A buys, and the server is killed before the first statement of B. */
const boughtBefore: Plan = {
  initial: { product: [{ id: 1, stock: 9 }], purchase: [] },
  actors: [[bought(1)], [bought(2)]],
  schedule: [],
  attempts: 1,
  faults: [{ actor: 1, step: 0, kind: 'server-killed' }],
}

/** What it says of the claims that are broken. */
async function brokenBy(lane: Lane, strategy: Strategy): Promise<string[]> {
  await prepareLane(lane, strategy)
  const record = await executeRun({ lane, strategy, plan: boughtBefore })
  expect(record.observation.commands.map(({ reply }) => reply.kind)).toEqual(['ok', 'unknown'])
  return judge(strategy, record)
    .filter(({ invariant }) => strategy.claims.includes(invariant))
    .map(({ message }) => message)
}

const lost = [
  'User 1 was told ok for 1 purchase of 1 of product 1, and 0 rows were added: no row in purchase.',
]

const searching = (lane: Lane, strategy: Strategy): ExploreOptions => ({
  lane,
  strategy,
  explorer: random,
  seed: 1,
  grains: ['statement'],
  faults: ['server-killed'],
})

for (const engine of engines) {
  const server = await mortalServerForFile(engine)
  describeOnServer('a killed server of', engine, server, (lane) => {
    test('has what it has acknowledged, and what nobody knows of once or not at all', async () => {
      // In a container it takes a second or two to come back.
      const few = engine.name === 'mysql' && { schedules: 3, selfCheckEvery: 0 }
      const found = await explore({ ...searching(lane(), insistent), schedules: 12, ...few })
      expect(found).toMatchObject({ verdict: 'holds', selfCheck: { differences: 0 } })
      expect(found.faults?.['server-killed']).toBeGreaterThan(0)
    })

    test.for([
      ['between two statements', 'statement', [0, 0, 1], 'INSERT'],
      ['inside a statement', 'phase', [0, 0, 1], 'UPDATE'],
    ] as const)(
      'undoes what another one was about to do %s, who hears of it',
      async ([, grain, schedule, text]) => {
        await prepareLane(lane(), careful, grain)
        const plan = { ...boughtBefore, schedule }
        const { history, observation } = await executeRun({
          lane: lane(),
          strategy: careful,
          plan,
          grain,
        })
        expect(observation.commands.map(({ reply }) => reply.kind)).toEqual(['unknown', 'unknown'])
        expect(observation.final).toEqual(plan.initial)
        const failed = history.filter((each) => each.kind === 'failed' && each.actor === 0)
        const steps = new Set(failed.map((each) => 'step' in each && each.step))
        const sent = history.filter((each) => each.kind === 'sent' && steps.has(each.step))
        expect(JSON.stringify(sent[0])).toContain(text)
        expect(sent).toHaveLength(1)
      },
    )

    test('has nothing of a table that it does not keep, which is found', async () => {
      expect(await brokenBy(lane(), forgetful)).toEqual(lost)
      expect(await brokenBy(lane(), careful)).toEqual([])
    })

    test('has new sessions that may bear the numbers of old ones', async () => {
      await prepareLane(lane(), careful)
      await lane().sessions(8)
      await lane().crash()
      await lane().recover() // which ends all sessions, and nobody else's
      const { faults: _, ...plan } = boughtBefore
      const { observation } = await executeRun({ lane: lane(), strategy: careful, plan })
      expect(observation.commands.map(({ reply }) => reply.kind)).toEqual(['ok', 'ok'])
    })
  })
}

describe('a server that promises less than it is asked for', () => {
  const hasty = strategyOf('hasty', (session, command) =>
    session.transaction(async (tx) => {
      const { userId, productId, quantity } = command
      await tx.sql`SET LOCAL synchronous_commit = off`
      await tx.sql`INSERT INTO purchase VALUES (${userId}, ${productId}, ${quantity})`
      return ok()
    }),
  )

  test('has lost what it said was committed', async () => {
    const server = await startEmbeddedPostgres({ durable: true })
    const lane = await postgres.openLane(server, { isolation: 'read-committed' })
    try {
      expect(await brokenBy(lane, hasty)).toEqual(lost)
    } finally {
      await lane.close()
      await server.stop()
    }
  })
})

test('rows are brought back whatever a server has forgotten', async ({ skip }) => {
  const settings = { 'innodb-flush-log-at-trx-commit': 0 }
  const start = startLocalServer('mariadb', { durable: true, settings })
  const server = await start.catch((error: unknown) => skip((error as Error).message))
  const lane = await mariadb.openLane(server, { isolation: 'read-committed' })
  try {
    await prepareLane(lane, careful)
    const { initial } = boughtBefore
    await lane.reset(initial)
    await lane.reset({ ...initial, product: [{ id: 1, stock: 5 }] })
    await lane.crash()
    await lane.reset({ ...initial, product: [{ id: 1, stock: 5 }] })
    expect(await lane.observe()).toEqual({ ...initial, product: [{ id: 1, stock: 5 }] })
  } finally {
    await lane.close()
    await server.stop()
  }
})

describe('a server that is not to be killed', () => {
  let lane: Lane
  beforeAll(async () => {
    lane = await openLane()
  })
  afterAll(() => lane.close())
  const reason = 'the server was not started to be killed'

  test('has the other faults strike, and it is said that this one did not', async () => {
    const faults = ['session-killed', 'server-killed'] as const
    const found = await explore({ ...searching(lane, insistent), faults, schedules: 20 })
    expect(found).toMatchObject({
      verdict: 'holds',
      faultsNotRun: [{ kind: 'server-killed', reason }],
    })
    expect(Object.keys(found.faults ?? {})).toEqual(['session-killed'])
  })

  test('makes a search for nothing else inconclusive', async () => {
    const found = await explore({ ...searching(lane, insistent), schedules: 5 })
    expect(found).toMatchObject({
      verdict: 'inconclusive',
      reason:
        'None of the faults that were asked for can strike here, so nothing is known of them.',
    })
  })

  test('makes a plan that has it killed inconclusive', async () => {
    await prepareLane(lane, careful)
    await expect(executeRun({ lane, strategy: careful, plan: boughtBefore })).rejects.toThrow(
      `The plan has a fault "server-killed", and ${reason}.`,
    )
  })
})
