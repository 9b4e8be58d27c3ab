import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'
import {
  containersOf,
  image,
  killContainer,
  untilRemoved,
  whyNoContainers,
} from '../fixtures/containers.ts'
import { fixture, lockstep, startLockstep, type Program, type Report } from '../fixtures/program.ts'

const noContainers = whyNoContainers()
if (noContainers !== undefined) console.warn(`not tested in containers: ${noContainers}`)

const inContainer = ['--provider', 'container', '--image', image]
/** It says when it redeems, and so how far it has come. */
const strategy = ['explore', '--strategy', fixture('talks'), '--schedules', '100000000', '--json']
const long = [...strategy, ...inContainer]

/** Starts it, and waits until it is half way. */
async function halfWay(): Promise<Program> {
  const program = await startLockstep(long, { abrupt: true })
  await vi.waitFor(() => expect(program.stderr().split('\n').length).toBeGreaterThan(100), {
    timeout: 40_000,
    interval: 20,
  })
  return program
}

describe.skipIf(noContainers !== undefined)('an exploration in a container', () => {
  test('whose container is killed says that the connection was lost', async () => {
    const program = await halfWay()
    const pid = program.process.pid!
    const [container] = containersOf(pid)
    killContainer(container!)
    const { exitCode, stdout } = await program.ended
    expect(exitCode).toBe(3)
    const report = JSON.parse(stdout) as Report & {
      readonly database: { readonly provider: string }
    }
    expect(report).toMatchObject({
      verdict: 'inconclusive',
      fault: 'database',
      database: { engine: 'postgres', provider: 'container' },
    })
    expect(report.reason).toMatch(/^The connection (of actor [A-D]|to PostgreSQL) was lost/)
    expect(containersOf(pid)).toEqual([])
  })

  test.each(['SIGINT', 'SIGKILL'] as const)(
    'that is ended by %s leaves nothing',
    async (signal) => {
      const program = await halfWay()
      program.process.kill(signal)
      const { exitCode } = await program.ended
      expect(exitCode).toBe(signal === 'SIGINT' ? 3 : 'SIGKILL')
      await untilRemoved(program.process.pid!)
    },
  )

  test('that is interrupted while its server starts leaves nothing', async () => {
    const program = await startLockstep(long, { abrupt: true })
    const pid = program.process.pid!
    await vi.waitUntil(() => containersOf(pid).length > 0, {
      timeout: 20_000,
      interval: 20,
    })
    program.process.kill('SIGINT')
    expect(await program.ended).toMatchObject({ exitCode: 3 })
    await untilRemoved(pid)
    // Docker may have been making another one meanwhile.
    await sleep(1_000)
    expect(containersOf(pid)).toEqual([])
  })
})

const unobtainable = ['explore', '--strategy', 'check-then-insert', '--image', 'lockstep/none:1']

test('an image that cannot be had is inconclusive, with what to do', async ({ skip }) => {
  if (noContainers !== undefined) return skip(noContainers)
  const { exitCode, stderr } = await lockstep(unobtainable)
  expect(exitCode).toBe(3)
  expect(stderr).toMatch(
    /^lockstep: inconclusive: There is no PostgreSQL to be had\.\n {2}container: The image lockstep\/none:1 is not there and cannot be pulled: .*\. Set LOCKSTEP_POSTGRES_IMAGE to an image that can, or make one with: pnpm images postgres:17 && export LOCKSTEP_POSTGRES_IMAGE=lockstep\/postgres:17\n$/,
  )
})
