import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { startEmbeddedPostgres } from '../embedded.ts'
import { ordinaryAccount, runningProgram, runProgram, type Ending } from './fixtures/program.ts'
import {
  sharedTemporaryFolder,
  ownTemporaryFolder,
  query,
  remains,
  tracesOf,
  untilGone,
} from './fixtures/world.ts'
import { inside, readOwner } from './folder.ts'
import { listProcesses } from './processes.ts'

describe.concurrent('a program leaves nothing when it ends', () => {
  beforeAll(sharedTemporaryFolder)

  test.each<[string, Ending, number]>([
    ['after stopping its server', 'stop', 0],
    ['with nothing left to do', 'finish', 0],
    ['by process.exit()', 'exit', 7],
    ['by an uncaught error', 'throw', 1],
  ])('%s', async (_, ending, code) => {
    const program = await runningProgram(ending)
    const traces = await tracesOf(program.serverUrl)
    program.process.stdin!.end('go on\n')
    expect(await program.ended).toBe(code)
    // It has waited for stop(), so there is nothing left to wait for.
    if (ending === 'stop') expect(remains(traces)).toEqual([])
    await untilGone(traces)
  })

  test.each<[string, NodeJS.Signals, 'program' | 'group']>([
    ['by Ctrl-C, which goes to all programs of a terminal', 'SIGINT', 'group'],
    ['by SIGTERM', 'SIGTERM', 'program'],
    ['by SIGKILL', 'SIGKILL', 'program'],
  ])('%s', async (_, signal, receiver) => {
    const program = await runningProgram('finish')
    const traces = await tracesOf(program.serverUrl)
    const pid = program.process.pid!
    // Until the program has finished with it, nothing of the server's may get the signal as well.
    for (const one of traces.processes) expect(groupOf(one)).not.toBe(groupOf(pid))
    process.kill(receiver === 'group' ? -pid : pid, signal)
    expect(await program.ended).toBe(signal)
    await untilGone(traces)
  })

  test('as an ordinary user', async ({ skip }) => {
    const account = await ordinaryAccount()
    if (typeof account === 'string') return skip(account)
    const program = await runningProgram('finish', { as: account })
    const traces = await tracesOf(program.serverUrl)
    const uids = listProcesses().filter(({ pid }) => traces.processes.includes(pid))
    expect(new Set(uids.map(({ uid }) => uid))).toEqual(new Set([account.uid]))
    program.process.kill('SIGKILL')
    await untilGone(traces)
  })
})

function groupOf(pid: number): string {
  const { stdout } = spawnSync('ps', ['-o', 'pgid=', '-p', String(pid)], { encoding: 'utf8' })
  return stdout.trim()
}

test('a program leaves nothing when it ends while its server is being made', async () => {
  const temporaryFolder = ownTemporaryFolder()
  const program = runProgram('finish')
  const folder = await vi.waitUntil(() => folderBeingMade(temporaryFolder), { timeout: 10_000 })
  const keeper = readOwner(folder)!.pid
  expect(remains({ processes: [keeper] })).toHaveLength(1)
  program.process.kill('SIGKILL')
  await untilGone({ folder, processes: [keeper] })
  expect(await program.url).toBeUndefined()
})

function folderBeingMade(temporaryFolder: string): string | undefined {
  const folders = readdirSync(temporaryFolder).map((name) => join(temporaryFolder, name))
  return folders.find((folder) => existsSync(inside(folder).data))
}

describe.concurrent('stop() resolves and leaves nothing', () => {
  beforeAll(sharedTemporaryFolder)

  test('when the server was killed in the middle of a statement', async () => {
    const server = await startEmbeddedPostgres()
    // Such a session does not notice that its server is gone.
    const busy = query(server.url, 'SELECT count(*) FROM generate_series(1, 1e12::bigint)')
    const failure = busy.then(String, (error: Error) => error.message)
    const traces = await vi.waitUntil(() => withBusySession(server.url))
    process.kill(traces.server, 'SIGKILL')
    await untilGone(traces)
    expect(await failure).toContain('Connection terminated')
    await server.stop()
  })

  test.each(['SIGKILL', 'SIGTERM'] as const)('when its keeper was sent %s', async (signal) => {
    const server = await startEmbeddedPostgres()
    const traces = await tracesOf(server.url)
    process.kill(traces.keeper, signal)
    await server.stop()
    expect(remains(traces)).toEqual([])
  })
})

async function withBusySession(url: string) {
  const active = `SELECT pid FROM pg_stat_activity WHERE query LIKE 'SELECT count%' AND state = 'active'`
  const [session] = await query(url, active)
  return session && tracesOf(url)
}
