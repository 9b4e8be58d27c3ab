import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { DatabaseFault, UsageError } from '../../errors.ts'
import type { Engine } from '../engine.ts'
import { postgres } from '../engines/postgres/index.ts'
import type { EngineName } from '../engine-name.ts'
import { ownTemporaryFolder } from './keeper/fixtures/world.ts'
import { embedded } from './embedded.ts'
import { firstAvailable, obtainServer, providers } from './index.ts'
import { providerNames, Unavailable, type Provider, type ServerChoice } from './provider.ts'

/** Enough of an engine to ask for a server of it. */
const engine = (name: EngineName, title: string): Engine => ({ ...postgres, name, title })
const mysql = engine('mysql', 'MySQL')

beforeEach(() => {
  for (const name of ['POSTGRES', 'MYSQL', 'MARIADB']) vi.stubEnv(`LOCKSTEP_${name}_URL`, undefined)
})
afterEach(() => void vi.unstubAllEnvs())

async function refusal(of: Engine, choice: ServerChoice): Promise<Error> {
  const server = obtainServer(of, choice)
  return server.then(
    async (obtained) => {
      await obtained.stop()
      throw new Error('A server was obtained.')
    },
    (error: Error) => error,
  )
}

test('providers are tried in the order of their names', () => {
  const order = providers.map(({ name }) => providerNames.indexOf(name))
  expect(order).toEqual(order.toSorted((a, b) => a - b))
})

test('without a choice PostgreSQL is the embedded one', async () => {
  ownTemporaryFolder()
  const server = await obtainServer(postgres)
  expect(server.provider).toBe('embedded')
  await server.stop()
})

describe('a choice that contradicts itself or the engine is refused', () => {
  test.for<readonly [Engine, ServerChoice, RegExp]>([
    [
      mysql,
      { provider: 'embedded' },
      /^Provider "embedded" has no MySQL: choose "url" or "local"( or "container")?, or leave --provider out\.$/,
    ],
    [
      postgres,
      { provider: 'local', url: 'postgres://x@y/' },
      /^--url is for provider "url", and not for "local": leave one of them out\.$/,
    ],
    [
      postgres,
      { provider: 'embedded', image: 'postgres:18' },
      /^--image is for provider "container", and not for "embedded": leave one of them out\.$/,
    ],
    [
      postgres,
      { provider: 'url', reuse: true },
      /^--reuse is for provider "container", and not for "url": leave one of them out\.$/,
    ],
  ])('%#', async ([of, choice, sentence]) => {
    const error = await refusal(of, choice)
    expect(error).toBeInstanceOf(UsageError)
    expect(error.message).toMatch(sentence)
  })
})

test('a URL that is given is used or wrong, and nothing else is tried', async () => {
  const dead = 'postgres://me:secret@127.0.0.1:1/'
  const sentence =
    'PostgreSQL at 127.0.0.1:1 cannot be reached: nothing listens there. Start it, or correct the URL.'
  const given = await refusal(postgres, { url: dead })
  vi.stubEnv('LOCKSTEP_POSTGRES_URL', dead)
  const inherited = await refusal(postgres, {})
  for (const error of [given, inherited]) {
    expect(error).toBeInstanceOf(DatabaseFault)
    expect(error.message).toBe(sentence)
  }
})

test('another provider than the URL’s can be chosen all the same', async () => {
  ownTemporaryFolder()
  vi.stubEnv('LOCKSTEP_POSTGRES_URL', 'postgres://me@127.0.0.1:1/')
  const server = await obtainServer(postgres, { provider: 'embedded' })
  expect(server.provider).toBe('embedded')
  await server.stop()
})

test('a provider without what it needs says what that is', async () => {
  const error = await refusal(postgres, { provider: 'url' })
  expect(error).toBeInstanceOf(DatabaseFault)
  expect(error.message).toBe(
    'There is no PostgreSQL to be had.\n  url: No URL is given. Give one with --url or in LOCKSTEP_POSTGRES_URL.',
  )
})

test('a provider that has all it needs and fails is not passed over', async () => {
  vi.stubEnv('TMPDIR', '/nonexistent')
  const error = await refusal(postgres, {})
  expect(error.message).toMatch(
    /^PostgreSQL could not be started: PostgreSQL needs a folder in \/nonexistent \(TMPDIR\), /,
  )
})

describe('of several providers', () => {
  const failing = (name: Provider['name'], error: Error): Provider => ({
    name,
    summary: 'Has no server.',
    engines: ['postgres'],
    start: () => Promise.reject(error),
  })
  const lacking = failing('url', new Unavailable('Nothing is there.', 'Put something there.'))
  const broken = failing('local', new Error('It broke.'))

  test('the first one that has what it needs is taken', async () => {
    ownTemporaryFolder()
    const server = await firstAvailable([lacking, embedded, broken], postgres, {})
    expect(server.provider).toBe('embedded')
    await server.stop()
  })

  test('one that breaks is not passed over', async () => {
    await expect(firstAvailable([lacking, broken, embedded], postgres, {})).rejects.toThrow(
      new DatabaseFault('PostgreSQL could not be started: It broke.'),
    )
  })

  test('each one says what it lacks when none can do it', async () => {
    const other = failing('local', new Unavailable('Nothing is here.', 'Put something here.'))
    await expect(firstAvailable([lacking, other], postgres, {})).rejects.toThrow(
      new DatabaseFault(
        'There is no PostgreSQL to be had.\n' +
          '  url: Nothing is there. Put something there.\n' +
          '  local: Nothing is here. Put something here.',
      ),
    )
  })
})
