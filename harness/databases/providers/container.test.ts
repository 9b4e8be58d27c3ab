import { createConnection } from 'mysql2/promise'
import { Client } from 'pg'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { EngineName } from '../engine-name.ts'
import { UsageError } from '../../errors.ts'
import { container } from './container.ts'
import {
  containersOf,
  docker,
  keeperOf,
  runIn,
  startParent,
  untilKilled,
  untilRemoved,
  urlOf,
  whyNoContainers,
} from './container/fixtures/world.ts'
import { localImages } from './container/image.ts'
import { expectToOutliveKills } from './crash/fixtures/kills.ts'
import { Unavailable } from './provider.ts'

const noContainers = await whyNoContainers()
if (noContainers !== undefined) console.warn(`not tested in containers: ${noContainers}`)

afterEach(() => vi.unstubAllEnvs())

async function query(url: string, sql: string): Promise<unknown> {
  if (url.startsWith('postgres:')) {
    // A server that is killed says so twice: to the query, and here.
    const client = new Client(url).on('error', () => {})
    await client.connect()
    try {
      return (await client.query(sql)).rows[0]
    } finally {
      await client.end()
    }
  }
  const connection = await createConnection(url.replace(/^mariadb:/, 'mysql:'))
  try {
    const [rows] = await connection.query(sql)
    return (rows as unknown[])[0]
  } finally {
    await connection.end()
  }
}

const settings = {
  postgres: {
    sql: `SELECT current_setting('fsync') AS fsync, current_setting('max_connections') AS connections,
      current_setting('deadlock_timeout') AS deadlock, current_setting('lc_collate', true) AS collate,
      datcollate FROM pg_database WHERE datname = current_database()`,
    expected: { fsync: 'off', connections: '600', deadlock: '1ms', collate: null, datcollate: 'C' },
    durable: { fsync: 'on' },
  },
  mysql: {
    sql: `SELECT @@innodb_flush_log_at_trx_commit AS flush, @@max_connections AS connections,
      @@log_bin AS log, @@innodb_doublewrite AS doublewrite, @@time_zone AS zone,
      @@performance_schema AS instruments, @@character_set_server AS charset`,
    expected: {
      flush: 0,
      connections: 600,
      log: 0,
      doublewrite: 'OFF',
      zone: '+00:00',
      instruments: 1,
      charset: 'utf8mb4',
    },
    durable: { flush: 1, doublewrite: 'ON' },
  },
  mariadb: {
    sql: `SELECT @@innodb_flush_log_at_trx_commit AS flush, @@max_connections AS connections,
      @@log_bin AS log, @@innodb_doublewrite AS doublewrite, @@time_zone AS zone,
      @@performance_schema AS instruments, @@innodb_status_output_locks AS locks`,
    expected: {
      flush: 0,
      connections: 600,
      log: 0,
      doublewrite: expect.anything() as unknown,
      zone: '+00:00',
      instruments: 1,
      locks: 1,
    },
    durable: { flush: 1 },
  },
} as const satisfies Record<EngineName, { sql: string; expected: object; durable: object }>

describe.skipIf(noContainers !== undefined)('in a container', () => {
  test.each(container.engines)('%s starts as wished and goes', async (engine) => {
    const server = await container.start(engine, { image: localImages[engine] })
    onTestFinished(() => server.stop())
    expect(server).toMatchObject({ engine, provider: 'container' })
    expect(await query(server.url, settings[engine].sql)).toEqual(settings[engine].expected)

    const [started, ...more] = await containersOf()
    expect(more).toEqual([])
    expect(started?.Ports.map(({ IP }) => IP)).toEqual(['127.0.0.1'])
    expect(started?.Image).toBe(localImages[engine])

    await Promise.all([server.stop(), server.stop()])
    expect(await containersOf()).toEqual([])
  })

  test('a server that is killed loses its connections, and stop() resolves', async () => {
    const server = await container.start('postgres', { image: localImages.postgres })
    onTestFinished(() => server.stop())
    const busy = query(server.url, 'SELECT pg_sleep(60)')
    const failure = busy.then(String, (error: Error) => error.message)
    const [started] = await containersOf()
    await vi.waitUntil(() => isBusy(server.url))
    await (await docker()).getContainer(started!.Id).kill()
    expect(await failure).toContain('Connection terminated')
    await server.stop()
    expect(await containersOf()).toEqual([])
  })

  test.each(container.engines)('%s has what was committed after it was killed', async (engine) => {
    const image = localImages[engine]
    const server = await container.start(engine, { image, durable: true })
    onTestFinished(() => server.stop())
    const { sql, expected, durable } = settings[engine]
    expect(await query(server.url, sql)).toEqual({ ...expected, ...durable })
    await expectToOutliveKills(server)
    await server.stop()
    expect(await containersOf()).toEqual([])
    await expect(server.crash!()).rejects.toThrow(/^\w+ cannot be killed: it has been stopped\.$/)
  })

  test('the URL of a server follows it, until it does not come back and is reported with its log', async () => {
    // Elsewhere than on Linux, a container cannot be reached at its own address.
    const platform = Object.getOwnPropertyDescriptor(process, 'platform')!
    onTestFinished(() => void Object.defineProperty(process, 'platform', platform))
    const image = localImages.postgres
    const server = await container.start('postgres', { image, durable: true })
    onTestFinished(() => server.stop())
    Object.defineProperty(process, 'platform', { ...platform, value: 'darwin' })
    await server.crash!()
    const before = server.url
    await server.crash!()
    expect(server.url).not.toBe(before)
    expect(await query(server.url, 'SELECT 1 AS one')).toEqual({ one: 1 })

    await runIn((await containersOf())[0]!.Id, ['rm', '/lockstep/data/global/pg_control'])
    await expect(server.crash!()).rejects.toThrow(
      /^PostgreSQL was killed and did not come back: its container ended with code \d\. The end of its log:\n[^]*pg_control/,
    )
    expect(await containersOf()).toEqual([])
  })

  test('a server that is stopped while it comes back goes', async () => {
    const image = localImages.postgres
    const server = await container.start('postgres', { image, durable: true })
    const crash = server.crash!().then(String, ({ message }: Error) => message)
    await untilKilled(process.pid)
    await server.stop()
    expect(await crash).toBe('PostgreSQL was killed and did not come back: it was told to stop.')
    expect(await containersOf()).toEqual([])
  })

  test('a program that is killed while its server comes back leaves nothing', async () => {
    const parent = startParent('crash')
    await urlOf(parent)
    parent.stdin!.write('go on\n')
    await untilKilled(parent.pid!)
    parent.kill('SIGKILL')
    await untilRemoved(parent.pid)
  })

  test.each<[string, NodeJS.Signals | 'end', 'program' | 'group']>([
    ['with nothing left to do', 'end', 'program'],
    ['by Ctrl-C, which goes to all programs of a terminal', 'SIGINT', 'group'],
    ['by SIGKILL', 'SIGKILL', 'program'],
  ])('a program that ends %s leaves nothing', async (_, ending, receiver) => {
    const parent = startParent()
    const pid = parent.pid!
    expect(await query(await urlOf(parent), 'SELECT 1 AS one')).toEqual({ one: 1 })
    expect(await containersOf(pid)).toHaveLength(1)
    if (ending === 'end') parent.stdin!.end('end\n')
    else process.kill(receiver === 'group' ? -pid : pid, ending)
    await untilRemoved(pid)
  })

  test('a program that is killed while its server starts leaves nothing', async () => {
    const parent = startParent()
    await vi.waitUntil(async () => (await containersOf(parent.pid)).length > 0, {
      timeout: 15_000,
      interval: 20,
    })
    parent.kill('SIGKILL')
    await untilRemoved(parent.pid)
  })

  test('the next start removes what a program and its keeper, both killed, have left', async () => {
    const [killed, alive] = [startParent(), startParent()]
    await Promise.all([urlOf(killed), urlOf(alive)])
    process.kill(keeperOf(killed)!, 'SIGKILL')
    killed.kill('SIGKILL')
    await vi.waitUntil(() => killed.signalCode !== null)

    const server = await container.start('postgres', { image: localImages.postgres })
    await server.stop()
    expect(await containersOf(killed.pid)).toEqual([])
    expect(await containersOf(alive.pid)).toHaveLength(1)
    alive.kill('SIGKILL')
    await untilRemoved(alive.pid)
  })

  test('a container that ends at once is reported with its log, and goes', async () => {
    const wrong = container.start('mysql', { image: localImages.postgres })
    await expect(wrong).rejects.toThrow(
      /^its container ended with code 127\. The end of its log:\n.*mysqld: not found$/,
    )
    expect(await containersOf()).toEqual([])
  })

  test('an image that cannot be had is named, with what to do', async () => {
    const error: unknown = await container
      .start('mysql', { image: 'lockstep/none:1' })
      .catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Unavailable)
    const { message, remedy } = error as Unavailable
    expect(message).toMatch(
      /^The image lockstep\/none:1 is not there and cannot be pulled: [^(].*\.$/,
    )
    expect(remedy).toBe(
      'Set LOCKSTEP_MYSQL_IMAGE to an image that can, or make one with: pnpm images mysql:9 && export LOCKSTEP_MYSQL_IMAGE=lockstep/mysql:9',
    )
  })

  describe('that is kept for reuse', () => {
    beforeEach(() => vi.stubEnv('CI', ''))

    test('it is found again, and nobody’s to kill', async () => {
      vi.stubEnv('LOCKSTEP_POSTGRES_IMAGE', 'lockstep/postgres:17')
      const first = await container.start('postgres', { reuse: true, durable: true })
      expect(first).not.toHaveProperty('crash')
      await first.stop()
      onTestFinished(removeReused)
      await query(first.url, 'CREATE TABLE kept ()')
      const second = await container.start('postgres', { reuse: true })
      expect(second.url).toBe(first.url)
      expect(await query(second.url, 'SELECT count(*) FROM kept')).toEqual({ count: '0' })
    })
  })
})

async function isBusy(url: string): Promise<boolean> {
  const active = `SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'`
  return (await query(url, active)) !== undefined
}

async function removeReused(): Promise<void> {
  const client = await docker()
  const filters = { label: ['lockstep.reuse=postgres lockstep/postgres:17'] }
  for (const { Id } of await client.listContainers({ all: true, filters })) {
    await client.getContainer(Id).remove({ force: true, v: true })
  }
}

test.each([
  ['CI', 'true', 'in CI (CI is set), where nobody would remove it: leave out --reuse.'],
  [
    'TESTCONTAINERS_REUSE_ENABLE',
    'false',
    'while TESTCONTAINERS_REUSE_ENABLE is "false": leave out --reuse, or the variable.',
  ],
])('reuse is refused where %s is %s', async (name, value, end) => {
  vi.stubEnv('CI', '')
  vi.stubEnv(name, value)
  const error: unknown = await container
    .start('postgres', { reuse: true })
    .catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(UsageError)
  expect((error as Error).message).toBe(`A container cannot be kept for reuse ${end}`)
})

test('without Docker, it is said what is missing', async () => {
  vi.stubEnv('DOCKER_HOST', 'unix:///nonexistent/docker.sock')
  const start = container.start('postgres', {})
  await expect(start).rejects.toThrow(Unavailable)
  await expect(start).rejects.toThrow('Docker does not answer at unix:///nonexistent/docker.sock:')
})
