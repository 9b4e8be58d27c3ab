import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test, vi, type TestContext } from 'vitest'
import { engineNames, type EngineName } from '../engine-name.ts'
import { expectToOutliveKills } from './crash/fixtures/kills.ts'
import { findAccount } from './keeper/account.ts'
import { socketPathLimitBytes } from './keeper/address.ts'
import { queryMysql } from './keeper/fixtures/mysql.ts'
import { runningProgram, runProgram } from './keeper/fixtures/program.ts'
import {
  isRoot,
  ownTemporaryFolder,
  query,
  remains,
  untilGone,
  type Traces,
} from './keeper/fixtures/world.ts'
import { readOwner } from './keeper/folder.ts'
import { kinds } from './keeper/kinds/index.ts'
import { listProcesses } from './keeper/processes.ts'
import { local, startLocalServer } from './local.ts'
import { findInstallation } from './local/installed.ts'
import { Unavailable } from './provider.ts'

/** Why a test of the engine cannot be run here, or undefined. */
async function whyNot(engine: EngineName): Promise<string | undefined> {
  const kind = kinds[engine]
  const found = findInstallation(kind, await findAccount(kind))
  return found.then(
    () => undefined,
    (error: Error) => error.message,
  )
}

const reasons = Object.fromEntries(
  await Promise.all(engineNames.map(async (engine) => [engine, await whyNot(engine)] as const)),
)

const run = (url: string, ...texts: string[]) =>
  url.startsWith('postgres:') ? query(url, ...texts) : queryMysql(url, ...texts)

/** What there is of the only server in a temporary folder. */
function tracesIn(engine: EngineName, temporaryFolder: string): Traces & { readonly uid: number } {
  const [name] = readdirSync(temporaryFolder)
  const folder = join(temporaryFolder, name!)
  const parts = listProcesses().filter(({ command }) => kinds[engine].isPartOf(folder, command))
  const keeper = readOwner(folder)!.pid
  const server = parts[0]!.pid
  const processes = [keeper, ...parts.map(({ pid }) => pid)]
  return { folder, keeper, server, processes, sharedMemory: '-', uid: parts[0]!.uid }
}

/** How each engine says where it listens on the network, and that it does not. */
const networks = {
  postgres: { ask: 'SHOW listen_addresses', none: '', loopback: '127.0.0.1' },
  mysql: {
    ask: 'SELECT IF(@@skip_networking, "", @@bind_address)',
    none: '',
    loopback: '127.0.0.1',
  },
  mariadb: {
    ask: 'SELECT IF(@@skip_networking, "", @@bind_address)',
    none: '',
    loopback: '127.0.0.1',
  },
} as const satisfies Record<EngineName, object>

const settings = {
  postgres: "SELECT current_user AS me, current_setting('fsync') AS durable",
  mysql: 'SELECT CURRENT_USER() AS me, @@innodb_flush_log_at_trx_commit + @@log_bin AS durable',
  mariadb: 'SELECT CURRENT_USER() AS me, @@innodb_flush_log_at_trx_commit + @@log_bin AS durable',
} as const satisfies Record<EngineName, string>

describe.each(engineNames)('an installed %s', (engine) => {
  beforeEach(({ skip }: TestContext) => {
    if (reasons[engine] !== undefined) skip(reasons[engine])
  })

  test('runs as the right user in a private folder, and leaves nothing', async () => {
    const temporaryFolder = ownTemporaryFolder()
    const server = await startLocalServer(engine)
    expect(server).toMatchObject({ engine, provider: 'local' })
    const traces = tracesIn(engine, temporaryFolder)
    expect(traces.uid).toBe((await findAccount(kinds[engine]))?.uid ?? process.getuid!())
    expect(statSync(traces.folder).mode & 0o777).toBe(0o700)
    expect(existsSync(join(traces.folder, kinds[engine].socketName))).toBe(true)
    expect(existsSync(join(traces.folder, 'secret'))).toBe(false)
    const [where] = await run(server.url, networks[engine].ask)
    expect(Object.values(where!)).toEqual([networks[engine].none])
    const [what] = await run(server.url, settings[engine])
    expect(what!['me']).toMatch(/^lockstep(@%)?$/)
    expect(['off', 0]).toContain(what!['durable'])

    await Promise.all([server.stop(), server.stop()])
    expect(remains(traces)).toEqual([])
    expect(readdirSync(temporaryFolder)).toEqual([])
  })

  test('lets nobody else in, on a port that only this machine can reach', async () => {
    ownTemporaryFolder()
    const server = await startLocalServer(engine, { transport: 'tcp' })
    expect(new URL(server.url).hostname).toBe('127.0.0.1')
    const [where] = await run(server.url, networks[engine].ask)
    expect(Object.values(where!)).toEqual([networks[engine].loopback])
    const wrong = server.url.replace(/:[0-9a-f]{32}@/, ':guess@')
    await expect(run(wrong, 'SELECT 1')).rejects.toThrow(/password/)
    for (const user of ['root', 'postgres', 'nobody']) {
      const stranger = server.url.replace(/lockstep:[0-9a-f]{32}@/, `${user}@`)
      await expect(run(stranger, 'SELECT 1')).rejects.toThrow(/password|denied/)
    }
    await server.stop()
  })

  test('starts in a folder with any name and a path that no socket can have', async () => {
    const folder = join(ownTemporaryFolder(), `a b,é`.padEnd(socketPathLimitBytes, 'x'))
    mkdirSync(folder)
    vi.stubEnv('TMPDIR', folder)
    const server = await startLocalServer(engine)
    expect(new URL(server.url).hostname).toBe('127.0.0.1')
    await run(server.url, 'CREATE DATABASE lane')
    await server.stop()
    expect(readdirSync(folder)).toEqual([])
  })

  test('goes when its program is killed', async () => {
    const folder = ownTemporaryFolder()
    const program = await runningProgram('finish', { local: engine })
    const traces = tracesIn(engine, folder)
    program.process.kill('SIGKILL')
    await untilGone(traces)
  })

  test('goes with the next start when its keeper was killed too', async () => {
    const folder = ownTemporaryFolder()
    const program = await runningProgram('finish', { local: engine })
    const traces = tracesIn(engine, folder)
    process.kill(traces.keeper, 'SIGKILL')
    program.process.kill('SIGKILL')
    await program.ended
    await untilGone({ processes: [traces.keeper] })
    expect(remains({ processes: [traces.server] })).toHaveLength(1)
    const server = await startLocalServer(engine)
    expect(remains(traces)).toEqual([])
    await server.stop()
  })

  test('has what was committed, and nothing else, after it was killed', async () => {
    const folder = ownTemporaryFolder()
    const server = await local.start(engine, { durable: true })
    const [what] = await run(server.url, settings[engine])
    expect(['on', 1]).toContain(what!['durable'])
    const { keeper, processes } = tracesIn(engine, folder)
    await expectToOutliveKills(server)
    expect(remains({ processes })).toEqual([expect.stringContaining(`process ${keeper}: `)])
    await server.stop()
    expect(readdirSync(folder)).toEqual([])
  })

  test('that does not start says why and leaves nothing', async () => {
    const folder = ownTemporaryFolder()
    const { title } = kinds[engine]
    await expect(startLocalServer(engine, { settings: { nonsense: 1 } })).rejects.toThrow(
      new RegExp(
        `^${title}'s \\w+ failed with exit code \\d+, saying:\\n[^]*nonsense|^${title}'s server failed[^]*nonsense`,
      ),
    )
    expect(readdirSync(folder)).toEqual([])
  })

  test('that has no more room for its files says so and leaves nothing', async () => {
    const folder = ownTemporaryFolder()
    // A limit on the size of a file shows in the same place as a full disk does.
    const program = runProgram('finish', { prelude: 'ulimit -f 1000', local: engine })
    expect(await program.ended).toBe(1)
    expect(program.complaint()).toMatch(
      new RegExp(`${kinds[engine].title}'s \\w+ (failed|was ended)`),
    )
    expect(readdirSync(folder)).toEqual([])
  })

  test('does not run as somebody who cannot be had', async () => {
    const folder = ownTemporaryFolder()
    const { title } = kinds[engine]
    const unknown = startLocalServer(engine, { runAs: 'no-such-account' })
    await expect(unknown).rejects.toThrow(
      isRoot
        ? `${title} refuses to run as root, and this machine has no account named no-such-account to run it as.`
        : `${title} cannot be run as no-such-account: only root can start it as somebody else.`,
    )
    if (isRoot) {
      const root = startLocalServer(engine, { runAs: 'root' })
      await expect(root).rejects.toThrow(`${title} refuses to run as root: that is root.`)
    }
    expect(readdirSync(folder)).toEqual([])
  })
})

describe.each(['mysql', 'mariadb'] as const)('an installed %s', (engine) => {
  beforeEach(({ skip }: TestContext) => {
    if (reasons[engine] !== undefined) skip(reasons[engine])
  })

  test('tells who holds which lock', async () => {
    ownTemporaryFolder()
    const server = await startLocalServer(engine)
    const locks = await queryMysql(
      server.url,
      'CREATE DATABASE lane',
      'CREATE TABLE lane.t (id INT PRIMARY KEY)',
      'BEGIN',
      'INSERT INTO lane.t VALUES (1)',
      `DO GET_LOCK('mine', 0)`,
      `SELECT OBJECT_TYPE AS type, OBJECT_NAME AS name FROM performance_schema.metadata_locks
       WHERE OBJECT_SCHEMA = 'lane' OR OBJECT_TYPE LIKE 'USER%'`,
    )
    expect(locks).toContainEqual({ type: 'TABLE', name: 't' })
    expect(locks).toContainEqual({ type: 'USER LEVEL LOCK', name: 'mine' })
    await server.stop()
  })
})

test('a server that the system keeps out of its folder is not available', async () => {
  const folder = ownTemporaryFolder()
  const programs = join(folder, 'bin')
  mkdirSync(programs)
  const script = `#!/bin/sh
    [ "$1" = --version ] && echo 'mysqld  Ver 8.0.40' && exit
    echo "mysqld: Can't create directory (OS errno 13 - Permission denied)" >&2
    exit 1`
  writeFileSync(join(programs, 'mysqld'), script, { mode: 0o755 })
  vi.stubEnv('PATH', `${programs}:${process.env['PATH']}`)
  await expect(startLocalServer('mysql')).rejects.toThrow(
    new Unavailable(
      `MySQL may not write to ${folder} (TMPDIR), where its account may: AppArmor or SELinux keeps it to other folders. ` +
        "MySQL's mysqld failed with exit code 1, saying:\nmysqld: Can't create directory (OS errno 13 - Permission denied)",
      'Use another provider, or lift that for its program.',
    ),
  )
  expect(readdirSync(folder)).toEqual(['bin'])
})

test('a folder is told apart by what runs in it', () => {
  for (const engine of engineNames) {
    const folder = `/tmp/lockstep-${engine}-abcdef`
    const data = `-D ${folder}/data --datadir=${folder}/data `
    const owners = engineNames.filter((other) =>
      [`/bin/postgres ${data}`, `/sbin/mysqld ${data}`].some((command) =>
        kinds[other].isPartOf(`/tmp/lockstep-${other}-abcdef`, command),
      ),
    )
    expect(owners).toEqual([engine])
  }
})
