import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { DatabaseServer } from '../../server.ts'
import { startEmbeddedPostgres, type EmbeddedPostgresOptions } from '../embedded.ts'
import { runningProgram } from './fixtures/program.ts'
import { openSession } from '../crash/fixtures/session.ts'
import {
  ownTemporaryFolder,
  query,
  remains,
  setting,
  sharedTemporaryFolder,
  tracesOf,
  untilGone,
  type Traces,
} from './fixtures/world.ts'
import { inside } from './folder.ts'
import { statusFile } from './kinds/postgres.ts'

/** A server in a folder of its own that can be killed, and is stopped with its test at the latest. */
async function startDurable(options: EmbeddedPostgresOptions = {}) {
  ownTemporaryFolder()
  const server = await startEmbeddedPostgres({ ...options, durable: true })
  onTestFinished(() => server.stop())
  return { ...server, crash: server.crash! }
}

const count = async (url: string, table: string): Promise<unknown> =>
  (await query(url, `SELECT count(*)::int AS rows FROM ${table}`))[0]?.['rows']

/** The number of the process that says it is the folder's server. */
function serverIn(folder: string): number | undefined {
  try {
    return Number(readFileSync(statusFile(folder), 'utf8').split('\n')[0])
  } catch {
    return undefined
  }
}

/** Waits until the server has been killed and another one is on its way. */
const untilRestarting = ({ folder, server }: Traces) =>
  vi.waitUntil(() => ![server, undefined].includes(serverIn(folder)), {
    timeout: 10_000,
    interval: 1,
  })

describe('a server that was killed and came back', () => {
  let server: DatabaseServer

  beforeAll(async () => {
    const remove = sharedTemporaryFolder()
    server = await startEmbeddedPostgres({ durable: true, settings: { work_mem: '7MB' } })
    return async () => {
      await server.stop()
      await remove()
    }
  })

  test('has the settings that make what is committed last, and the ones asked for', async () => {
    const names = ['fsync', 'synchronous_commit', 'full_page_writes', 'autovacuum', 'work_mem']
    const values = await Promise.all(names.map((name) => setting(server.url, name)))
    expect(values).toEqual(['on', 'on', 'on', 'off', '7MB'])
  })

  test('has what was committed, and nothing else, each time', async () => {
    const { url } = server
    await query(url, 'CREATE TABLE kept (id int)', 'CREATE UNLOGGED TABLE lost (id int)')
    for (const times of [1, 2, 3]) {
      const { keeper, processes, sharedMemory } = await tracesOf(url)
      const session = await openSession(url)
      await query(url, 'INSERT INTO lost VALUES (1)')
      await session.run('BEGIN')
      await session.run('INSERT INTO kept VALUES (0)')
      await query(url, `INSERT INTO kept VALUES (${times})`)

      await server.crash!()
      // From nobody who was left to say more.
      expect(await session.lost).toBe('Connection terminated unexpectedly')
      const kept = [1, 2, 3].slice(0, times).map((id) => ({ id }))
      expect(await query(url, 'SELECT id FROM kept ORDER BY id')).toEqual(kept)
      // PostgreSQL empties these after a crash, and keeps them where it was shut down in order.
      expect(await count(url, 'lost')).toBe(0)
      expect(remains({ processes, sharedMemory })).toEqual([
        expect.stringContaining(`process ${keeper}: `),
      ])
    }
  })

  test('is killed twice where that is asked for twice at once', async () => {
    const { folder } = await tracesOf(server.url)
    const seen = new Set<number | undefined>()
    const watch = setInterval(() => seen.add(serverIn(folder)), 1)
    await Promise.all([server.crash!(), server.crash!()])
    clearInterval(watch)
    seen.delete(undefined)
    expect(seen.size).toBe(3)
    expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  })
})

test('a server that is not to be durable cannot be killed', async () => {
  ownTemporaryFolder()
  const server = await startEmbeddedPostgres()
  expect(server).not.toHaveProperty('crash')
  await server.stop()
})

test('a server that acknowledges commits before it has written them loses them', async () => {
  const settings = { synchronous_commit: false }
  const { url, crash } = await startDurable({ settings })
  await query(url, 'CREATE TABLE lost (id int)', 'CHECKPOINT')
  await query(url, 'INSERT INTO lost VALUES (1)')
  await crash()
  expect(await count(url, 'lost')).toBe(0)
})

test('a server with a port has the same one again, when others let go of it', async () => {
  const { url, crash } = await startDurable({ transport: 'tcp' })
  const session = await openSession(url)
  const traces = await tracesOf(url)
  const crashed = crash()
  const other = createServer()
  await untilListening(other, Number(new URL(url).port))
  await untilRestarting(traces)
  await sleep(100)
  other.close()
  await crashed
  expect(await session.lost).toMatch(/terminated|ECONNRESET/)
  expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
})

/** As soon as the port is free. */
async function untilListening(server: ReturnType<typeof createServer>, port: number) {
  const listening = Promise.withResolvers<void>()
  server.on('error', () => setImmediate(() => server.listen(port, '127.0.0.1')))
  server.on('listening', () => listening.resolve())
  server.listen(port, '127.0.0.1')
  await listening.promise
}

describe('a server that does not come back', () => {
  test('says why, and leaves nothing', async () => {
    const server = await startDurable()
    const traces = await tracesOf(server.url)
    writeFileSync(join(inside(traces.folder).data, 'global/pg_control'), Buffer.alloc(8192))
    await expect(server.crash()).rejects.toThrow(
      /^PostgreSQL was killed and did not come back: PostgreSQL's server failed with exit code \d\. The end of its log:\n[^]*files are incompatible/,
    )
    await expect(server.crash()).rejects.toThrow(
      'PostgreSQL cannot be killed: it has been stopped.',
    )
    expect(remains(traces)).toEqual([])
  })

  test('because it is stopped', async () => {
    const server = await startDurable()
    const traces = await tracesOf(server.url)
    const crashes = [server.crash(), server.crash()].map((crash) =>
      crash.then(String, ({ message }: Error) => message),
    )
    await untilRestarting(traces)
    await server.stop()
    expect(remains(traces)).toEqual([])
    expect(readdirSync(join(traces.folder, '..'))).toEqual([])
    expect(await Promise.all(crashes)).toEqual([
      'PostgreSQL was killed and did not come back: it was told to stop.',
      'PostgreSQL cannot be killed: it has been stopped.',
    ])
  })

  test('because its keeper was killed', async () => {
    const server = await startDurable()
    const traces = await tracesOf(server.url)
    const crash = server.crash().then(String, ({ message }: Error) => message)
    await untilRestarting(traces)
    process.kill(traces.keeper, 'SIGKILL')
    expect(await crash).toBe(
      'PostgreSQL was killed and did not come back: The process that keeps PostgreSQL ended early.',
    )
    await server.stop()
    expect(remains(traces)).toEqual([])
  })
})

describe('a program', () => {
  test('waits until its server is back', async () => {
    ownTemporaryFolder()
    const program = await runningProgram('crash')
    const traces = await tracesOf(program.serverUrl)
    program.process.stdin!.end('go on\n')
    // 13 is what Node makes of a wait that nothing can end.
    expect(await program.ended).toBe(0)
    await untilGone(traces)
  })

  test('leaves nothing when it ends while its server is coming back', async () => {
    ownTemporaryFolder()
    const program = await runningProgram('crash')
    const traces = await tracesOf(program.serverUrl)
    program.process.stdin!.end('go on\n')
    await untilRestarting(traces)
    program.process.kill('SIGKILL')
    await untilGone(traces)
    expect(readdirSync(join(traces.folder, '..'))).toEqual([])
  })
})
