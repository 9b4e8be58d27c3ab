import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, openSync, readdirSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'
import {
  fixture,
  lockstep,
  startLockstep,
  type Program,
  type ProgramOptions,
  type Report,
} from '../fixtures/program.ts'
import { commandLines, serverIn } from '../fixtures/traces.ts'

/** More schedules than can be run here, or even drawn. It says so when it redeems, and so how far it has come. */
const long = ['explore', '--strategy', fixture('talks'), '--schedules', '100000000']
const manyCalls = 100

/** Starts it, and waits until it is half way. */
async function halfWay(args: readonly string[], options?: ProgramOptions): Promise<Program> {
  const program = await startLockstep(args, options)
  await vi.waitFor(() => expect(program.stderr().split('\n').length).toBeGreaterThan(manyCalls), {
    timeout: 40_000,
    interval: 20,
  })
  return program
}

const redeeming = /^(redeeming C\d\n)+$/

describe.concurrent('an exploration', () => {
  test('that is interrupted says how far it came', async () => {
    const program = await halfWay(long)
    program.process.kill('SIGINT')
    const { exitCode, stdout, stderr } = await program.ended
    expect(exitCode).toBe(3)
    expect(stdout).toMatch(
      /^INCONCLUSIVE {2}redemption\/talks on .*\n {2}Interrupted after [\d,]+ schedules\.\n {2}[\d,]+ schedules \(random, /,
    )
    expect(stderr).toMatch(redeeming)
  })

  test('that is told to end says so to programs too', async () => {
    const program = await halfWay([...long, '--json'])
    program.process.kill('SIGTERM')
    const { exitCode, stdout, stderr } = await program.ended
    expect(exitCode).toBe(3)
    const document = JSON.parse(stdout) as Report
    expect(document).toMatchObject({ verdict: 'inconclusive', fault: 'interrupted' })
    expect(document.schedules).toBeGreaterThan(0)
    expect(document.reason?.replace(',', '')).toBe(
      `Interrupted after ${document.schedules} schedules.`,
    )
    expect(stderr).toMatch(redeeming)
  })

  test('that is interrupted twice ends at once, whatever it still waits for', async () => {
    const program = await halfWay(long, { abrupt: true })
    // A server in this state takes no connection and never ends by itself.
    process.kill(serverIn(program.folder), 'SIGSTOP')
    program.process.kill('SIGINT')
    await sleep(1_000)
    expect(program.process.exitCode).toBeNull()
    program.process.kill('SIGINT')
    expect(await program.ended).toMatchObject({ exitCode: 130, stdout: '' })
  })

  test('that is interrupted while a strategy hangs ends at once', async () => {
    const program = await startLockstep(['explore', '--strategy', fixture('hangs')])
    await vi.waitFor(() => expect(program.stderr()).toBe('hanging\n'), { timeout: 40_000 })
    program.process.kill('SIGINT')
    const { exitCode, stdout } = await program.ended
    expect(exitCode).toBe(3)
    expect(stdout).toContain('\n  Interrupted after 0 schedules.\n')
  })

  test('that is interrupted while its application starts ends at once, and so does that', async () => {
    const program = await startLockstep(['explore', '--strategy', fixture('never-ready')], {
      abrupt: true,
    })
    const service = join(program.folder, 'service')
    const services = () => commandLines().filter((line) => line.endsWith(` ${service}`))
    await vi.waitFor(() => expect(services()).toHaveLength(1), { timeout: 40_000 })
    program.process.kill('SIGINT')
    // It has a minute to be ready.
    await vi.waitFor(() => expect(program.process.exitCode).toBe(3), { timeout: 30_000 })
    const { stdout, stderr } = await program.ended
    expect(stderr).toBe('')
    expect(stdout).toContain('\n  Interrupted after 0 schedules.\n')
    await vi.waitFor(() => expect(services()).toEqual([]))
  })

  test('that is interrupted while its server starts does not wait for it', async () => {
    const program = await startLockstep([...long, '--json'], { abrupt: true })
    await vi.waitFor(() => expect(readdirSync(program.folder)).toHaveLength(1), {
      timeout: 20_000,
      interval: 5,
    })
    program.process.kill('SIGINT')
    const { exitCode, stdout, stderr } = await program.ended
    expect({ exitCode, stderr }).toEqual({ exitCode: 3, stderr: '' })
    expect(JSON.parse(stdout)).toEqual({
      verdict: 'inconclusive',
      fault: 'interrupted',
      reason: 'Interrupted while the database was being started.',
    })
  })

  test('that is killed leaves nothing', async () => {
    const program = await halfWay(long, { abrupt: true })
    program.process.kill('SIGKILL')
    expect(await program.ended).toMatchObject({ exitCode: 'SIGKILL', stdout: '' })
  })

  test('whose server is killed says so', async () => {
    const program = await halfWay(long)
    process.kill(serverIn(program.folder), 'SIGKILL')
    const { exitCode, stdout } = await program.ended
    expect(exitCode).toBe(3)
    expect(stdout).toMatch(
      /^INCONCLUSIVE .*\n {2}The connection (of actor [A-D]|to PostgreSQL) was lost/,
    )
  })
})

describe.concurrent('a result that cannot be written', () => {
  const unsafe = ['explore', '--strategy', 'check-then-insert', '--seed', '1']
  const quick = ['explore', '--strategy', 'unique-constraint', '--schedules', '1']

  test('because its reader has gone is no fault', async () => {
    const programs = await Promise.all([startLockstep(unsafe), startLockstep(['list', '--json'])])
    for (const { process: child } of programs) child.stdout?.destroy()
    const [explored, listed] = await Promise.all(programs.map(({ ended }) => ended))
    // The verdict is what it is.
    expect(explored).toMatchObject({ exitCode: 1, stderr: '' })
    expect(listed).toMatchObject({ exitCode: 0, stderr: '' })
  })

  test.for([[...quick, '--json'], ['list'], ['explore', '--help']])(
    'because the disk is full is one: %j',
    async (args, { skip }) => {
      if (!existsSync('/dev/full')) return skip('there is no /dev/full here')
      expect(await lockstep(args, { stdout: openSync('/dev/full', 'w') })).toMatchObject({
        exitCode: 3,
        stderr: 'lockstep: the result was lost: ENOSPC: no space left on device, write.\n',
      })
    },
  )
})

describe.concurrent('a temporary folder', () => {
  const explore = ['explore', '--strategy', 'check-then-insert']

  test('that does not exist', async () => {
    const temporaryFolder = '/nonexistent'
    const [people, programs] = await Promise.all([
      lockstep(explore, { temporaryFolder }),
      lockstep([...explore, '--json'], { temporaryFolder }),
    ])
    const reason =
      /^PostgreSQL could not be started: PostgreSQL needs a folder in \/nonexistent \(TMPDIR\), which cannot be made: ENOENT: [^\n]*$/
    expect(people).toMatchObject({ exitCode: 3, stdout: '' })
    expect(people.stderr).toMatch(/^lockstep: inconclusive: .*\n$/)
    expect(people.stderr.slice('lockstep: inconclusive: '.length, -1)).toMatch(reason)
    expect(programs).toMatchObject({ exitCode: 3, stderr: '' })
    expect(JSON.parse(programs.stdout)).toEqual({
      verdict: 'inconclusive',
      fault: 'database',
      reason: expect.stringMatching(reason) as string,
    })
  })

  test('that cannot be written to', async ({ skip }) => {
    const account = ordinaryAccount()
    if (account === 'none') return skip('root can write anywhere, and nobody else can be had')
    const temporaryFolder = mkdtempSync(join(tmpdir(), 'lockstep-readonly-'))
    try {
      chmodSync(temporaryFolder, 0o555)
      const { exitCode, stdout, stderr } = await lockstep(explore, {
        temporaryFolder,
        uid: account,
      })
      expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' })
      expect(stderr).toMatch(
        /^lockstep: inconclusive: PostgreSQL could not be started: .* which cannot be made: EACCES: .*\n$/,
      )
    } finally {
      rmdirSync(temporaryFolder)
    }
  })
})

/** For root, an account that is not, if it can read this checkout; others stay who they are. */
function ordinaryAccount(): number | 'none' | undefined {
  if (process.getuid?.() !== 0) return undefined
  const uid = Number(spawnSync('id', ['-u', 'nobody'], { encoding: 'utf8' }).stdout)
  const { status } = spawnSync(process.execPath, ['--check', 'scripts/lockstep.ts'], { uid })
  return uid > 0 && status === 0 ? uid : 'none'
}
