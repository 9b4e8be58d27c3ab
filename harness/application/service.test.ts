import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, test, vi } from 'vitest'
import { StrategyFault } from '../errors.ts'
import { startService, type ServiceOptions } from './service.ts'

/** A service in a few words of JavaScript. */
const script = (text: string): ServiceOptions['command'] => [process.execPath, '-e', text]

const stays = 'setInterval(() => {}, 1000);'
const ready = /listening on (\S+)/

/** Whether the process is there. One that has ended and that nobody has asked about yet is not. */
async function isRunning(pid: number): Promise<boolean> {
  const shown = spawn('ps', ['-o', 'stat=', '-p', String(pid)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let state = ''
  shown.stdout.on('data', (text) => (state += String(text)))
  await once(shown, 'close')
  return /^[^Z\s]/.test(state.trim())
}

const untilGone = (pid: number) =>
  vi.waitUntil(async () => !(await isRunning(pid)), { timeout: 10_000, interval: 20 })

const failure = (options: Partial<ServiceOptions>): Promise<Error> =>
  startService({ command: script(stays), ready, ...options }).then(
    () => expect.fail('it has started'),
    (error: Error) => error,
  )

describe.concurrent('a service', () => {
  test('is reached at the address that it prints, once the line is whole', async () => {
    const service = await startService({
      command: script(`
        process.stdout.write('listening on http://127.0.0.1:80')
        setTimeout(() => console.log('80'), 50); ${stays}`),
      ready,
    })
    expect(service.address).toBe('http://127.0.0.1:8080')
    await service.stop()
  })

  test('may print its address as an error, and without a group', async () => {
    const options = { command: script(`console.error('it is up'); ${stays}`), ready: /is up/g }
    for (const _ of [1, 2]) {
      const service = await startService(options)
      expect(service.address).toBe('is up')
      await service.stop()
    }
  })

  test('has the variables that it is given, beside all others', async () => {
    const service = await startService({
      command: script(`
        console.log('listening on', process.env.DATABASE_URL, Boolean(process.env.PATH)); ${stays}`),
      env: { DATABASE_URL: 'postgres://here' },
      cwd: '/',
      ready: /listening on (.*)/,
    })
    expect(service.address).toBe('postgres://here true')
    await service.stop()
  })

  test('goes on when it prints a lot, and the end of it is kept', async () => {
    const service = await startService({
      command: script(`
        console.log('listening on 1')
        for (let line = 0; line < 20_000; line++) console.log('line ' + line)
        ${stays}`),
      ready,
    })
    await vi.waitUntil(() => service.output.endsWith('line 19999\n'), { timeout: 10_000 })
    expect(service.output.length).toBeLessThan(5_000)
    await service.stop()
  })

  test('ends at stop(), with what it has started', async () => {
    const service = await startService({
      command: script(`
        const { pid } = require('node:child_process').spawn('sleep', ['1000'])
        console.log('listening on ' + process.pid + ',' + pid); ${stays}`),
      ready,
    })
    const pids = service.address.split(',').map(Number)
    expect(await Promise.all(pids.map(isRunning))).toEqual([true, true])
    await Promise.all([service.stop(), service.stop()])
    await Promise.all(pids.map(untilGone))
  })

  test('is killed when it does not end', async () => {
    const service = await startService({
      command: script(`
        process.on('SIGTERM', () => {}); console.log('listening on ' + process.pid); ${stays}`),
      ready,
    })
    await service.stop()
    await untilGone(Number(service.address))
  })

  test('ends when whoever has started it is killed', async () => {
    const options = {
      command: script(`
        const { pid } = require('node:child_process').spawn('sleep', ['1000'])
        console.log('listening on ' + process.pid + ',' + pid); ${stays}`),
    }
    const parent = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `const { startService } = await import(${JSON.stringify(new URL('service.ts', import.meta.url))})
         const { address } = await startService({ ...${JSON.stringify(options)}, ready: ${String(ready)} })
         console.log(address)`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    const [text] = (await once(parent.stdout, 'data')) as [Buffer]
    const pids = String(text).trim().split(',').map(Number)
    expect(await Promise.all(pids.map(isRunning))).toEqual([true, true])
    parent.kill('SIGKILL')
    await Promise.all(pids.map(untilGone))
  })
})

describe.concurrent('what has not become a service says why', () => {
  test('when it ends early', async () => {
    const error = await failure({
      command: script(`console.log('one'); console.error('two'); process.exitCode = 3`),
    })
    expect(error).toBeInstanceOf(StrategyFault)
    expect(error.message).toMatch(
      /^".*" ended with exit code 3 before it was ready\. The last it printed:\n(?:one\ntwo|two\none)$/,
    )
  })

  test('when it is killed, and has said nothing', async () => {
    const error = await failure({ command: script(`process.kill(process.pid, 'SIGKILL')`) })
    expect(error.message).toMatch(
      /^".*" was ended by SIGKILL before it was ready\. It printed nothing\.$/,
    )
  })

  test('when it is not ready in time, and it is ended then', async () => {
    const error = await failure({
      command: script(`console.log('this is ' + process.pid); ${stays}`),
      limitMs: 1_000,
    })
    expect(error).toBeInstanceOf(StrategyFault)
    const [, pid] =
      /" printed no line that matches \/listening on \(\\S\+\)\/ within 1000 ms: have it print its address once it takes requests\. The last it printed:\nthis is (\d+)$/.exec(
        error.message,
      ) ?? []
    expect(Number(pid)).toBeGreaterThan(0)
    await untilGone(Number(pid))
  })

  test('when there is no such program', async () => {
    const error = await failure({ command: ['no-such-program', '--port', '0'] })
    expect(error).toBeInstanceOf(StrategyFault)
    expect(error.message).toBe(
      '"no-such-program --port 0" could not be started: spawn no-such-program ENOENT.',
    )
  })
})
