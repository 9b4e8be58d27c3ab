import { afterAll, expect, test } from 'vitest'
import type { Engine } from '../databases/engine.ts'
import { describeEngineLaws } from '../databases/engine-laws.ts'
import { ask, connect, disconnect } from '../databases/engines/innodb/client.ts'
import type { ServerChoice } from '../databases/providers/provider.ts'
import { statement } from '../databases/statement.ts'
import { describeReply, ok } from '../reply.ts'
import { executeRun, prepareLane } from '../run.ts'
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
