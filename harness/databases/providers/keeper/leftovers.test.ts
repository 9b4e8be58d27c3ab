import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { startEmbeddedPostgres } from '../embedded.ts'
import { runningProgram } from './fixtures/program.ts'
import { ownTemporaryFolder, query, remains, tracesOf, untilGone } from './fixtures/world.ts'
import { createFolder, inside, readOwner, type Owner } from './folder.ts'
import { postgres } from './kinds/postgres.ts'
import { ownerlessLimitMs, sweep } from './leftovers.ts'
import { listFromPs, listProcesses } from './processes.ts'

test('starts remove a server whose program and keeper were killed, and not each other’s', async () => {
  ownTemporaryFolder()
  const program = await runningProgram('finish')
  const leftover = await tracesOf(program.serverUrl)
  process.kill(leftover.keeper, 'SIGKILL')
  program.process.kill('SIGKILL')
  await program.ended
  await untilGone({ processes: [leftover.keeper] })
  expect(remains({ processes: [leftover.server] })).toHaveLength(1)

  const servers = await Promise.all([startEmbeddedPostgres(), startEmbeddedPostgres()])
  expect(remains(leftover)).toEqual([])
  for (const server of servers) {
    expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    await server.stop()
  }
})

describe('a folder', () => {
  const uids = [process.getuid!()]

  test('whose owner lives stays', async () => {
    const temporaryFolder = ownTemporaryFolder()
    const folder = createFolder(postgres, temporaryFolder)
    await sweep(temporaryFolder, uids)
    expect(existsSync(folder)).toBe(true)
  })

  test.each<[string, Partial<Owner>, boolean]>([
    ['whose owner has ended goes', { pid: endedProcess() }, false],
    ["whose owner's number is another process's now goes", { startedAt: 'long ago' }, false],
    ['whose owner cannot be seen from here stays', { pid: endedProcess(), namespace: 'x' }, true],
  ])('%s', async (_, change, stays) => {
    const temporaryFolder = ownTemporaryFolder()
    const folder = createFolder(postgres, temporaryFolder)
    const owner = { ...readOwner(folder), ...change }
    writeFileSync(inside(folder).owner, JSON.stringify(owner))
    await sweep(temporaryFolder, uids)
    expect(existsSync(folder)).toBe(stays)
  })

  test.each([
    ['stays while it may just be being made', ownerlessLimitMs - 10_000, true],
    ['goes after that', ownerlessLimitMs + 1_000, false],
  ])('without an owner %s', async (_, ageMs, stays) => {
    const temporaryFolder = ownTemporaryFolder()
    const folder = mkdtempSync(join(temporaryFolder, 'lockstep-postgres-'))
    const then = (Date.now() - ageMs) / 1_000
    utimesSync(folder, then, then)
    await sweep(temporaryFolder, uids)
    expect(existsSync(folder)).toBe(stays)
  })

  test('whose owner cannot be read stays', async () => {
    const temporaryFolder = ownTemporaryFolder()
    const folder = createFolder(postgres, temporaryFolder)
    writeFileSync(inside(folder).owner, 'damaged')
    utimesSync(folder, 0, 0)
    await sweep(temporaryFolder, uids)
    expect(existsSync(folder)).toBe(true)
  })

  test.each([
    ['of another user stays', 'lockstep-postgres-', [12_345]],
    ['of another name stays', 'lockstep-', uids],
  ])('%s', async (_, name, sweepers) => {
    const temporaryFolder = ownTemporaryFolder()
    const folder = mkdtempSync(join(temporaryFolder, name))
    utimesSync(folder, 0, 0)
    await sweep(temporaryFolder, sweepers)
    expect(existsSync(folder)).toBe(true)
  })
})

function endedProcess(): number {
  return Number(execFileSync('sh', ['-c', 'echo $$'], { encoding: 'utf8' }))
}

test('ps shows the same processes as /proc', () => {
  const find = (list: typeof listProcesses) => list().find(({ pid }) => pid === process.pid)
  const [own, fromPs] = [find(listProcesses), find(listFromPs)]
  expect(own?.uid).toBe(process.getuid!())
  expect(fromPs).toEqual({ ...own, startedAt: expect.stringMatching(/ \d{4}$/) })
})
