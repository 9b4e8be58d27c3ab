import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { DatabaseServer } from '../server.ts'
import { startEmbeddedPostgres } from './embedded.ts'
import { findAccount } from './keeper/account.ts'
import {
  isRoot,
  ownTemporaryFolder,
  query,
  remains,
  setting,
  tracesOf,
} from './keeper/fixtures/world.ts'
import { inside } from './keeper/folder.ts'
import { postgres } from './keeper/kinds/postgres.ts'
import { listProcesses } from './keeper/processes.ts'

describe('a server', () => {
  let server: DatabaseServer

  beforeAll(async () => {
    // None of these is meant for it.
    vi.stubEnv('PGDATA', '/nonexistent')
    vi.stubEnv('PGPORT', '1')
    vi.stubEnv('LD_LIBRARY_PATH', '/nonexistent')
    vi.stubEnv('LC_ALL', 'tr_TR.UTF-8')
    vi.stubEnv('TZ', 'Asia/Tokyo')
    server = await startEmbeddedPostgres({
      settings: { work_mem: '7MB', statement_timeout: 9_000 },
    })
    vi.unstubAllEnvs()
  })
  afterAll(async () => server.stop())

  test('says what it is', () => {
    expect(server).toMatchObject({ engine: 'postgres', provider: 'embedded' })
  })

  test('listens on a socket only, in a private folder', async () => {
    const folder = new URL(server.url).searchParams.get('host')!
    expect(existsSync(join(folder, '.s.PGSQL.5432'))).toBe(true)
    const { stdout } = spawnSync('stat', ['-c', '%a', folder], { encoding: 'utf8' })
    expect(stdout.trim()).toBe('700')
    expect(await setting(server.url, 'listen_addresses')).toBe('')
  })

  test('can be reached by libpq with the same URL', ({ skip }) => {
    const psql = spawnSync('psql', [server.url, '-Atc', 'SELECT 1 + 1'], { encoding: 'utf8' })
    if (psql.error) return skip('psql, the program that uses libpq, is not installed')
    expect(psql).toMatchObject({ stdout: '2\n', stderr: '' })
  })

  test('has settings for data that nobody keeps, and the ones asked for', async () => {
    const names = ['fsync', 'synchronous_commit', 'full_page_writes', 'autovacuum', 'jit']
    names.push('deadlock_timeout', 'max_connections', 'work_mem', 'statement_timeout')
    const values = await Promise.all(names.map((name) => setting(server.url, name)))
    expect(values).toEqual(['off', 'off', 'off', 'off', 'off', '1ms', '600', '7MB', '9s'])
  })

  test('does not depend on the machine’s language and time zone', async () => {
    expect(await setting(server.url, 'timezone')).toBe('UTC')
    const [row] = await query(
      server.url,
      `SELECT datcollate, datctype, pg_encoding_to_char(encoding) AS encoding
       FROM pg_database WHERE datname = current_database()`,
    )
    expect(row).toEqual({ datcollate: 'C', datctype: 'C', encoding: 'UTF8' })
  })

  test('asks for its password and keeps no copy of it', async () => {
    const { folder } = await tracesOf(server.url)
    expect(existsSync(inside(folder).secret)).toBe(false)
    const wrong = server.url.replace(/:[0-9a-f]{32}@/, ':guess@')
    expect(wrong).not.toBe(server.url)
    await expect(query(wrong, 'SELECT 1')).rejects.toThrow('password authentication failed')
  })

  test('spends no time on writing statements’ errors to its log', async () => {
    const { folder } = await tracesOf(server.url)
    await expect(query(server.url, 'SELECT 1 / 0 AS marked')).rejects.toThrow('division by zero')
    const log = readFileSync(inside(folder).log, 'utf8')
    expect(log).toContain('ready to accept connections')
    expect(log).not.toContain('division by zero')
  })

  test('lets its superuser create databases', async () => {
    await query(server.url, 'CREATE DATABASE lane')
    const lane = new URL(server.url)
    lane.pathname = '/lane'
    expect(await query(lane.href, 'SELECT current_database() AS name')).toEqual([{ name: 'lane' }])
  })
})

test('a server can be told where to listen and, by root, whom to run as', async () => {
  ownTemporaryFolder()
  const account = isRoot ? await findAccount(postgres, 'nobody') : undefined
  const server = await startEmbeddedPostgres({ transport: 'tcp', runAs: account?.name })
  const traces = await tracesOf(server.url)
  const { uid } = listProcesses().find(({ pid }) => pid === traces.server)!
  expect(uid).toBe(account?.uid ?? process.getuid!())
  expect(new URL(server.url).hostname).toBe('127.0.0.1')
  expect(await setting(server.url, 'listen_addresses')).toBe('127.0.0.1')
  expect(await setting(server.url, 'unix_socket_directories')).toBe('')

  await Promise.all([server.stop(), server.stop()])
  await server.stop()
  expect(remains(traces)).toEqual([])
  await expect(query(server.url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED')
})

test('a temporary folder may have any name', async () => {
  const folder = join(ownTemporaryFolder(), `a b,"c"%41é`)
  mkdirSync(folder)
  vi.stubEnv('TMPDIR', folder)
  const server = await startEmbeddedPostgres()
  const traces = await tracesOf(server.url)
  expect(traces.folder.startsWith(folder)).toBe(true)
  await server.stop()
  expect(remains(traces)).toEqual([])
})
