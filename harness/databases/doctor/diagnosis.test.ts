import { expect, beforeEach, afterEach, test, vi } from 'vitest'
import { startEmbeddedPostgres } from '../providers/embedded.ts'
import { diagnose } from './diagnosis.ts'

beforeEach(() => {
  for (const engine of ['POSTGRES', 'MYSQL', 'MARIADB']) {
    vi.stubEnv(`LOCKSTEP_${engine}_URL`, '')
    vi.stubEnv(`LOCKSTEP_${engine}_IMAGE`, '')
  }
  vi.stubEnv('DOCKER_HOST', 'unix:///nonexistent/docker.sock')
})
afterEach(() => vi.unstubAllEnvs())

const postgres = async () => {
  const found = (await diagnose()).engines[0]!
  const [url, embedded, , container] = found.providers
  return { auto: found.auto, url, embedded, container }
}

test('the PostgreSQL that comes with Lockstep needs nothing else', async () => {
  const { auto, url, embedded, container } = await postgres()
  expect(auto).toBe('embedded')
  expect(url).toEqual({
    provider: 'url',
    usable: 'no',
    detail: 'No URL is given.',
    remedy: 'Give one with --url or in LOCKSTEP_POSTGRES_URL.',
  })
  expect(embedded).toMatchObject({
    usable: 'yes',
    detail: expect.stringMatching(/ 18\./) as string,
  })
  expect(container).toMatchObject({
    usable: 'no',
    detail: 'Docker does not answer at unix:///nonexistent/docker.sock: there is no such socket.',
  })
})

test('a URL comes first, and shows its version and not its password', async () => {
  const server = await startEmbeddedPostgres({ transport: 'tcp' })
  try {
    vi.stubEnv('LOCKSTEP_POSTGRES_URL', server.url)
    const { auto, url } = await postgres()
    const { host, password } = new URL(server.url)
    expect(auto).toBe('url')
    expect(url).toEqual({
      provider: 'url',
      usable: 'yes',
      detail: expect.stringMatching(
        new RegExp(`^LOCKSTEP_POSTGRES_URL: PostgreSQL 18\\.\\d+ at ${host}$`),
      ) as string,
    })
    expect(JSON.stringify(await diagnose())).not.toContain(password)
  } finally {
    await server.stop()
  }
})

test('a URL that cannot be used leaves nothing else to take', async () => {
  vi.stubEnv('LOCKSTEP_POSTGRES_URL', 'postgres://me:secret@127.0.0.1:1/')
  const { auto, url, embedded } = await postgres()
  expect(auto).toBeNull()
  expect(url).toMatchObject({
    usable: 'no',
    detail:
      'PostgreSQL at 127.0.0.1:1 cannot be reached: nothing listens there. Start it, or correct the URL.',
  })
  expect(embedded?.usable).toBe('yes')
})
