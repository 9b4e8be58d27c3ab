import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ActorSession, Engine, Lane } from '../databases/engine.ts'
import { describeEngineLaws } from '../databases/engine-laws.ts'
import { ask, connect, disconnect } from '../databases/engines/innodb/client.ts'
import type { ServerChoice } from '../databases/providers/provider.ts'
import { statement } from '../databases/statement.ts'
import { describeReply, ok } from '../reply.ts'
import { executeRun, prepareLane } from '../run.ts'
import { purchase } from '../workloads/purchase.ts'
import { serverOrReason } from './servers.ts'
import { purchaseStrategy } from './strategies.ts'

/** The engine laws on a server of MySQL's or MariaDB's, which is obtained for them alone. */
export async function describeInnodbLaws(engine: Engine, choice: ServerChoice): Promise<void> {
  const server = await serverOrReason(engine, choice)
  const missing = 'missing' in server ? server.missing : undefined
  const obtained = () => {
    if ('missing' in server) throw new Error(server.missing)
    return server
  }
  afterAll(() => ('missing' in server ? undefined : server.stop()))
  describeEngineLaws({
    title: `${engine.title} (${choice.provider})`,
    missing,
    open: (isolation = engine.defaultIsolation) => engine.openLane(obtained(), { isolation }),
    outsider: async ({ database }) => {
      const connection = await connect(engine.title, obtained().url, { database })
      return { ask: (text) => ask(connection, text), close: () => disconnect(connection) }
    },
    closerIsVictim: false,
    serializableReadsLock: true,
    userLock: {
      take: statement(["SELECT GET_LOCK(concat(DATABASE(), '.one'), 10)"]),
      release: statement(["SELECT RELEASE_LOCK(concat(DATABASE(), '.one'))"]),
    },
    cancel: ({ id }) => `KILL QUERY ${id}`,
    kill: ({ id }) => `KILL CONNECTION ${id}`,
  })

  test.skipIf(missing !== undefined)(
    `${engine.title} (${choice.provider}) lets a run go on in which two wait for each other behind a third`,
    async () => {
      const lane = await engine.openLane(obtained(), { isolation: engine.defaultIsolation })
      try {
        await prepareLane(lane, shareThenUpdate)
        // C, A and B share the row in this order. A and B then wait for C, and for each other.
        const plan = { ...threeBuyers, schedule: [2, 0, 1, 0, 1, 0, 2], attempts: 1 }
        const { observation } = await executeRun({ lane, strategy: shareThenUpdate, plan })
        const replies = observation.commands.map(({ reply }) => describeReply(reply)).toSorted()
        expect(replies).toEqual(['aborted: deadlock', 'aborted: deadlock', 'ok'])
      } finally {
        await lane.close()
      }
    },
  )

  test.skipIf(missing !== undefined)(
    `${engine.title} (${choice.provider}) says who is waited for, however many locks they hold`,
    async () => {
      const lane = await engine.openLane(obtained(), { isolation: engine.defaultIsolation })
      try {
        const names = Array.from({ length: 15 }, (_, index) => `many${index}`)
        const create = names.map((name) => `CREATE TABLE ${name} (id INT PRIMARY KEY)`)
        await lane.prepare([], create)
        const [a, b] = await lane.sessions(2)
        if (!a || !b) throw new Error('two sessions were asked for')
        for (const name of names) await a.execute(statement([`INSERT INTO ${name} VALUES (1)`]), [])
        await a.execute(statement(['BEGIN']), [])
        for (const name of names) await a.execute(lockIn(name), [])
        for (const name of [names[0], names.at(-1)]) {
          const waiting = b.execute(lockIn(name ?? ''), [])
          let waits = await lane.waits([b])
          while (waits.length === 0) waits = await lane.waits([b])
          expect(waits).toEqual([{ session: b, blockers: [a], strangers: [] }])
          await a.execute(statement(['COMMIT']), [])
          await waiting
          await a.execute(statement(['BEGIN']), [])
          for (const each of names) await a.execute(lockIn(each), [])
        }
      } finally {
        await lane.close()
      }
    },
  )

  describe.skipIf(missing !== undefined)(`${engine.title} (${choice.provider}) brings back`, () => {
    let lane: Lane
    beforeAll(async () => {
      lane = await engine.openLane(obtained(), { isolation: engine.defaultIsolation })
      const version = 'ALTER TABLE product ADD COLUMN version INT NOT NULL DEFAULT 7'
      await lane.prepare(purchase.tables, [version, 'CREATE TABLE note (id INT PRIMARY KEY)'])
    })
    afterAll(() => lane?.close())

    const two = { product: [row(1, 5), row(2, 6)], purchase: [] }
    const one = { product: [row(1, 9)], purchase: [{ user_id: 1, product_id: 1, quantity: 2 }] }

    const writings: readonly (readonly [what: string, text: string])[] = [
      ['values', 'UPDATE product SET stock = 0'],
      ['values of added columns', 'UPDATE product SET version = version + 1 WHERE id = 1'],
      ['deleted rows', 'DELETE FROM product WHERE id = 1'],
      ['tables without added rows', 'INSERT INTO purchase VALUES (1, 1, 1)'],
      ['keys', 'UPDATE product SET id = id + 10'],
      ['replaced rows', 'REPLACE INTO product (id, stock) VALUES (1, 0)'],
      ['tables that a strategy has added', 'INSERT INTO note VALUES (1)'],
      [
        'what is written in a way that is not understood',
        'UPDATE product p, purchase q SET p.stock = 0',
      ],
      ['rows where nothing was written', 'SELECT * FROM product'],
    ]
    test.for(writings)('%s', async ([, text]) => {
      for (const [before, after] of [
        [two, two],
        [two, one],
        [one, two],
        [one, one],
      ] as const) {
        await lane.reset(before)
        const [session] = await lane.sessions(1)
        if (!session) throw new Error('a session was asked for')
        await session.execute(statement([text]), [])
        await lane.reset(after)
        expect(await lane.observe()).toEqual(after)
        expect(await versionsAndNotes(session)).toEqual({
          versions: after.product.map(() => ({ version: 7 })),
          notes: [],
        })
      }
    })
  })
}

const lockIn = (table: string) => statement([`SELECT id FROM ${table} WHERE id = 1 FOR UPDATE`])

const row = (id: number, stock: number) => ({ id, stock })

async function versionsAndNotes(session: ActorSession) {
  const versions = await session.execute(statement(['SELECT version FROM product']), [])
  const notes = await session.execute(statement(['SELECT id FROM note']), [])
  return { versions: versions.ok && versions.rows, notes: notes.ok && notes.rows }
}

const shareThenUpdate = purchaseStrategy('share-then-update', (session, { productId, quantity }) =>
  session.transaction(async (tx) => {
    await tx.sql`SELECT stock FROM product WHERE id = ${productId} LOCK IN SHARE MODE`
    await tx.sql`UPDATE product SET stock = stock - ${quantity} WHERE id = ${productId}`
    return ok()
  }),
)

const threeBuyers = {
  initial: { product: [{ id: 1, stock: 5 }], purchase: [] },
  actors: [1, 2, 3].map((userId) => [{ kind: 'purchase', userId, productId: 1, quantity: 1 }]),
}
