import { afterAll } from 'vitest'
import type { Engine } from '../databases/engine.ts'
import { describeEngineLaws } from '../databases/engine-laws.ts'
import { ask, connect, disconnect } from '../databases/engines/innodb/client.ts'
import type { ServerChoice } from '../databases/providers/provider.ts'
import { statement } from '../databases/statement.ts'
import { serverOrReason } from './servers.ts'

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
}
