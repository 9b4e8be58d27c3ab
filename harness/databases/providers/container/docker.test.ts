import { spawnSync } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { Unavailable } from '../provider.ts'
import { findDocker } from './docker.ts'

afterEach(() => vi.unstubAllEnvs())

async function refusal(address: string): Promise<Unavailable> {
  vi.stubEnv('DOCKER_HOST', address)
  const error: unknown = await findDocker().catch((thrown: unknown) => thrown)
  if (error instanceof Unavailable) return error
  throw new Error(`${address} was not refused, but: ${String(error)}`)
}

test.each([
  ['unix:///nonexistent/docker.sock', 'there is no such socket'],
  ['unix:///dev/null', 'connect ECONNREFUSED /dev/null'],
  ['tcp://127.0.0.1:1', 'connect ECONNREFUSED 127.0.0.1:1'],
  ['ssh://me@example', 'it can be reached through unix:// and tcp:// only, and not ssh://'],
  ['nonsense', 'this is not a URL'],
])('a DOCKER_HOST %s is named with what is wrong', async (address, problem) => {
  const { message, remedy } = await refusal(address)
  expect(message).toBe(`Docker does not answer at ${address}: ${problem}.`)
  expect(remedy).toBe(
    'Start Docker (as root: dockerd), set DOCKER_HOST to where it runs, or choose another provider with --provider.',
  )
})

test('what answers without being Docker is not taken for it', async () => {
  const server = createServer((_, response) => response.writeHead(404).end('<html>')).listen(0)
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  expect((await refusal(`tcp://127.0.0.1:${port}`)).message).toMatch(
    /: it answered with status 404\.$/,
  )
})

test('a socket that this user may not use', ({ skip }) => {
  if (process.getuid?.() !== 0) return skip('only root can become such a user')
  const code = `import { findDocker } from '${import.meta.dirname}/docker.ts'
    await findDocker().then(() => console.log('allowed'), ({ message }) => console.log(message))`
  const uid = Number(spawnSync('id', ['-u', 'nobody'], { encoding: 'utf8' }).stdout)
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    uid,
    encoding: 'utf8',
    env: { ...process.env, DOCKER_HOST: 'unix:///root/docker.sock' },
  })
  if (status !== 0) return skip('nobody cannot read this checkout')
  expect(stdout).toBe(
    'Docker is there, but this user may not use its socket (unix:///root/docker.sock).\n',
  )
})
