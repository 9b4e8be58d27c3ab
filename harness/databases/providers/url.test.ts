import { createServer, type AddressInfo } from 'node:net'
import {
  afterAll,
  beforeAll,
  beforeEach,
  describe,
  expect,
  onTestFinished,
  test,
  type TestContext,
} from 'vitest'
import { DatabaseFault, UsageError } from '../../errors.ts'
import type { EngineName } from '../engine-name.ts'
import type { DatabaseServer } from '../server.ts'
import { startEmbeddedPostgres } from './embedded.ts'
import { queryMysql } from './keeper/fixtures/mysql.ts'
import { query, sharedTemporaryFolder } from './keeper/fixtures/world.ts'
import { startLocalServer } from './local.ts'
import { Unavailable } from './provider.ts'
import { url as provider } from './url.ts'

/** What is said instead of giving a server. */
async function refusal(engine: EngineName, url: string): Promise<Error> {
  return provider.start(engine, { url }).then(
    () => {
      throw new Error('The server was taken.')
    },
    (error: Error) => error,
  )
}

async function expectFault(engine: EngineName, url: string, sentence: string): Promise<void> {
  const error = await refusal(engine, url)
  expect(error.message).toBe(sentence)
  expect(error).toBeInstanceOf(DatabaseFault)
  // Neither a generated password nor the one of these tests.
  expect(error.message).not.toMatch(/[0-9a-f]{32}|guess/)
}

/** The same server for another user. */
const as = (user: string, url: string): string =>
  url.replace(/\/\/lockstep:[0-9a-f]{32}@/, `//${user}:guess@`)

const place = (url: string): string => new URL(url).host

beforeAll(sharedTemporaryFolder)

describe('a PostgreSQL by its URL', () => {
  let server: DatabaseServer
  let at: string

  beforeAll(async () => {
    server = await startEmbeddedPostgres({ transport: 'tcp', settings: { max_connections: 30 } })
    at = `PostgreSQL at ${place(server.url)}`
  })
  afterAll(async () => server.stop())

  test('is taken as it is, and goes on when it is given back', async () => {
    const taken = await provider.start('postgres', { url: server.url })
    expect(taken).toMatchObject({ engine: 'postgres', provider: 'url', url: server.url })
    await taken.stop()
    expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  test('does not let a wrong password in', () =>
    expectFault(
      'postgres',
      server.url.replace(/:[0-9a-f]{32}@/, ':guess@'),
      `${at} does not let this user in: password authentication failed for user "lockstep". Correct the user or the password in the URL.`,
    ))

  test('has no such database', () =>
    expectFault(
      'postgres',
      server.url.replace(/\/postgres$/, '/missing'),
      `${at} does not open that database: database "missing" does not exist. Correct the URL, or leave the database out.`,
    ))

  test('tells what the user may not do, until an administrator has run what it says', async () => {
    await query(server.url, `CREATE ROLE "Jo" LOGIN PASSWORD 'guess'`)
    const url = as('Jo', server.url)
    const statements = [
      'ALTER ROLE "Jo" CREATEDB',
      'GRANT SET ON PARAMETER deadlock_timeout TO "Jo"',
    ]
    await expectFault(
      'postgres',
      url,
      `${at} does not let "Jo" do all that Lockstep does there. An administrator has to run: ${statements[0]}; ${statements[1]};`,
    )
    await query(server.url, ...statements)
    const taken = await provider.start('postgres', { url })
    expect(taken.url).toBe(url)
  })

  test('has too few free connections', async () => {
    const held: Promise<unknown>[] = []
    for (let count = 0; count < 20; count++) {
      held.push(query(server.url, `SELECT pg_sleep(60) AS held`).catch(() => {}))
    }
    await expect
      .poll(() =>
        query(
          server.url,
          `SELECT count(*)::int AS n FROM pg_stat_activity WHERE query LIKE '%AS held'`,
        ),
      )
      .toEqual([{ n: 20 }])
    await expectFault(
      'postgres',
      server.url,
      `${at} has only 7 free connections, and a run takes up to 12: close others, or raise its limit.`,
    )
    await query(
      server.url,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%AS held' AND pid <> pg_backend_pid()`,
    )
    await Promise.all(held)
  })
})

describe.each([
  ['mysql', 'MySQL', 'mariadb'],
  ['mariadb', 'MariaDB', 'mysql'],
] as const)('a %s by its URL', (engine, title, other) => {
  let server: DatabaseServer
  let at: string
  let missing: string | undefined

  beforeAll(async () => {
    try {
      server = await startLocalServer(engine, {
        transport: 'tcp',
        settings: { max_connections: 30 },
      })
      at = `${title} at ${place(server.url)}`
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error
      missing = error.message
    }
    return async () => server?.stop()
  })

  beforeEach(({ skip }: TestContext) => {
    if (missing !== undefined) skip(missing)
  })

  test('is taken as it is, leaves nothing on it, and goes on when it is given back', async () => {
    const taken = await provider.start(engine, { url: server.url })
    expect(taken).toMatchObject({ engine, provider: 'url', url: server.url })
    await taken.stop()
    expect(await queryMysql(server.url, `SHOW DATABASES LIKE 'lockstep%'`)).toEqual([])
  })

  test('does not let a wrong password in', async () => {
    const error = await refusal(engine, as('lockstep', server.url))
    expect(error.message).toMatch(
      `${at} does not let this user in: Access denied for user 'lockstep'@'127.0.0.1' (using password: YES). Correct the user or the password in the URL.`,
    )
  })

  test('has no such database', () =>
    expectFault(
      engine,
      `${server.url}missing`,
      `${at} does not open that database: Unknown database 'missing'. Correct the URL, or leave the database out.`,
    ))

  test('tells what the user may not do, until an administrator has run what it says', async () => {
    await queryMysql(server.url, `CREATE USER 'jo'@'%' IDENTIFIED BY 'guess'`)
    if (engine === 'mariadb')
      await queryMysql(server.url, 'SET GLOBAL innodb_status_output_locks = OFF')
    const url = as('jo', server.url)
    const statements = [
      String.raw`GRANT ALL PRIVILEGES ON ${'`lockstep\\_%`'}.* TO 'jo'@'%'`,
      ...(engine === 'mariadb' ? [`GRANT PROCESS ON *.* TO 'jo'@'%'`] : []),
      `GRANT SELECT ON performance_schema.* TO 'jo'@'%'`,
      ...(engine === 'mariadb' ? ['SET GLOBAL innodb_status_output_locks = ON'] : []),
    ]
    await expectFault(
      engine,
      url,
      `${at} does not let 'jo'@'%' do all that Lockstep does there. An administrator has to run: ${statements.map((each) => `${each};`).join(' ')}`,
    )
    for (const statement of statements) {
      expect((await refusal(engine, url)).message).toContain(`${statement};`)
      await queryMysql(server.url, statement)
    }
    expect((await provider.start(engine, { url })).url).toBe(url)
  })

  test('tells of a single privilege that is missing, and leaves nothing', async () => {
    await queryMysql(
      server.url,
      `CREATE USER 'jim'@'%' IDENTIFIED BY 'guess'`,
      `GRANT ALL PRIVILEGES ON *.* TO 'jim'@'%'`,
      `REVOKE INDEX ON *.* FROM 'jim'@'%'`,
    )
    expect((await refusal(engine, as('jim', server.url))).message).toMatch(
      / GRANT ALL PRIVILEGES ON /,
    )
    await queryMysql(
      server.url,
      `GRANT INDEX ON *.* TO 'jim'@'%'`,
      `REVOKE DROP ON *.* FROM 'jim'@'%'`,
    )
    expect((await refusal(engine, as('jim', server.url))).message).toMatch(
      / GRANT ALL PRIVILEGES ON /,
    )
    expect(await queryMysql(server.url, `SHOW DATABASES LIKE 'lockstep%'`)).toEqual([])
  })

  test('has too few free connections', async () => {
    await queryMysql(
      server.url,
      `CREATE USER 'few'@'%' IDENTIFIED BY 'guess' WITH MAX_USER_CONNECTIONS 5`,
    )
    await expectFault(
      engine,
      as('few', server.url),
      `${at} has only 5 free connections, and a run takes up to 12: close others, or raise its limit.`,
    )
  })

  test('has to tell who waits for whom', async () => {
    const settings = { performance_schema: 'OFF' }
    const blind = await startLocalServer(engine, { transport: 'tcp', settings })
    onTestFinished(() => blind.stop())
    const said = await provider.start(engine, { url: blind.url }).then(() => 'taken', String)
    expect(said).toBe(
      {
        mysql: `DatabaseFault: MySQL at ${place(blind.url)} does not tell who waits for whom: start it with performance_schema=ON.`,
        mariadb: 'taken',
      }[engine],
    )
  })

  test('is not taken for the other', async () => {
    const error = await refusal(other, server.url.replace(/^\w+/, other))
    expect(error).toBeInstanceOf(UsageError)
    expect(error.message).toMatch(
      new RegExp(
        `^The server at ${place(server.url)} is ${title} \\d[^ ]*, and not ${other === 'mysql' ? 'MySQL' : 'MariaDB'}: choose --database ${engine}\\.$`,
      ),
    )
  })

  test('is no PostgreSQL', async () => {
    const error = await refusal('postgres', server.url.replace(/^\w+/, 'postgres'))
    expect(error.message).toMatch(
      new RegExp(`^PostgreSQL at ${place(server.url)} cannot be used: `),
    )
  })
})

describe('a server that is not there', () => {
  const nowhere = 'Start it, or correct the URL.'

  test.for([
    ['postgres', 'postgres://me:guess@127.0.0.1:1/x', '127.0.0.1:1', 'nothing listens there'],
    ['mysql', 'mysql://me:guess@localhost:1/', 'localhost:1', 'nothing listens there'],
    [
      'mariadb',
      'mysql://me:guess@nohost.invalid/',
      'nohost.invalid:3306',
      'there is no host of that name',
    ],
    [
      'postgres',
      'postgres://me@localhost/x?host=/nonexistent',
      '/nonexistent',
      'there is no socket there',
    ],
    [
      'mysql',
      'mysql://me@localhost/?socketPath=/nonexistent',
      '/nonexistent',
      'there is no socket there',
    ],
  ] as const)('%s: %s', async ([engine, url, where, reason]) => {
    const titles = { postgres: 'PostgreSQL', mysql: 'MySQL', mariadb: 'MariaDB' }
    await expectFault(
      engine,
      url,
      `${titles[engine]} at ${where} cannot be reached: ${reason}. ${nowhere}`,
    )
  })

  test('because what listens there never answers', async () => {
    const silent = createServer(() => {})
    await new Promise<void>((done) => silent.listen(0, '127.0.0.1', done))
    onTestFinished(() => void silent.close())
    const { port } = silent.address() as AddressInfo
    const sentence = (title: string) =>
      `${title} at 127.0.0.1:${port} cannot be reached: nothing that is ${title} answers there within 5 s. ${nowhere}`
    await Promise.all([
      expectFault('postgres', `postgres://me@127.0.0.1:${port}/x`, sentence('PostgreSQL')),
      expectFault('mysql', `mysql://me@127.0.0.1:${port}/`, sentence('MySQL')),
    ])
  })
})
