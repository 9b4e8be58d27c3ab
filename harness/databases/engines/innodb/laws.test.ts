import { describeEngineLaws } from '../../engine-laws.ts'
import { statement } from '../../statement.ts'
import { mariadb } from '../mariadb/index.ts'
import { mysql } from '../mysql/index.ts'
import { ask, connect, disconnect } from './client.ts'

for (const [engine, url] of [
  [mysql, 'mysql://root:lockstep@127.0.0.1:33306/'],
  [mariadb, 'mariadb://root:lockstep@127.0.0.1:33308/'],
  [mariadb, 'mariadb://root:lockstep@localhost/?socketPath=/tmp/w/mdb/s.sock'],
] as const) {
  describeEngineLaws({
    title: engine.title + url,
    open: (isolation) =>
      engine.openLane(
        { engine: engine.name, provider: 'url', url, stop: async () => {} },
        { isolation: isolation ?? engine.defaultIsolation },
      ),
    outsider: async (lane) => {
      const connection = await connect(engine.title, url, { database: lane.database })
      return { ask: (text) => ask(connection, text), close: () => disconnect(connection) }
    },
    closerIsVictim: false,
    serializableReadsLock: true,
    userLock: {
      take: statement(["SELECT GET_LOCK('one', 10)"]),
      release: statement(["SELECT RELEASE_LOCK('one')"]),
    },
    cancel: ({ id }) => `KILL QUERY ${id}`,
    kill: ({ id }) => `KILL CONNECTION ${id}`,
  })
}
