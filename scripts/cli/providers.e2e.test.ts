import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engines, obtainServer, type DatabaseServer } from '../../harness/index.ts'
import { lockstep, lockstepJson, type ProgramOptions, type Report } from '../fixtures/program.ts'

const explore = 'explore --strategy unique-constraint --schedules 4 --seed 1'.split(' ')

/** A call that is wrong, which shows before there is a server. */
async function expectRefusal(args: readonly string[], sentence: string | RegExp): Promise<void> {
  const { exitCode, stdout, stderr } = await lockstep([...explore, ...args])
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
  expect(stderr).toMatch(/^lockstep: .*\n$/)
  expect(stderr.slice('lockstep: '.length, -1)).toMatch(sentence)
  expect(stderr).not.toContain('secret')
}

/** A server that cannot be used, as people and programs get to know it. */
async function expectFault(
  args: readonly string[],
  sentence: string,
  options?: ProgramOptions,
): Promise<void> {
  const [people, programs] = await Promise.all([
    lockstep([...explore, ...args], options),
    lockstepJson([...explore, ...args], options),
  ])
  expect(people).toEqual({
    exitCode: 3,
    stdout: '',
    stderr: `lockstep: inconclusive: ${sentence}\n`,
  })
  expect(programs).toEqual({
    exitCode: 3,
    verdict: 'inconclusive',
    fault: 'database',
    reason: sentence,
  })
}

describe.concurrent('explore refuses', () => {
  test.for<readonly [string, string | RegExp]>([
    ['--provider embeded', 'There is no provider "embeded". Did you mean "embedded"?'],
    [
      '--provider docker',
      'There is no provider "docker". Known are: auto, url, embedded, local, container.',
    ],
    [
      '--database mysql --provider embedded',
      /^Provider "embedded" has no MySQL: choose "url" or "local"( or "container")?, or leave --provider out\.$/,
    ],
    [
      '--provider embedded --url postgres://me:secret@localhost/x',
      '--url is for provider "url", and not for "embedded": leave one of them out.',
    ],
    [
      '--provider local --image postgres:18',
      '--image is for provider "container", and not for "local": leave one of them out.',
    ],
    [
      '--url mysql://me:secret@localhost/',
      `The server's URL begins with "mysql:": write postgres://user:password@host:5432/postgres, or choose --database mysql.`,
    ],
    [
      '--url postgres://me:secret%@localhost/x',
      `The server's URL cannot be read: write postgres://user:password@host:5432/postgres, with special characters of the password percent-encoded.`,
    ],
  ])('%s', ([args, sentence]) => expectRefusal(args.split(' '), sentence))
})

test('explore does not keep a container in CI', async () => {
  const environment = { CI: 'true' }
  expect(await lockstep([...explore, '--reuse'], { environment })).toEqual({
    exitCode: 2,
    stdout: '',
    stderr:
      'lockstep: A container cannot be kept for reuse in CI (CI is set), where nobody would remove it: leave out --reuse.\n',
  })
})

describe.concurrent('explore on a server that is not there', () => {
  const sentence =
    'PostgreSQL at 127.0.0.1:1 cannot be reached: nothing listens there. Start it, or correct the URL.'

  test('says so', () => expectFault(['--url', 'postgres://me:secret@127.0.0.1:1/x'], sentence))

  test('says so too when the environment has its URL', () =>
    expectFault([], sentence, {
      environment: { LOCKSTEP_POSTGRES_URL: 'postgres://me:secret@127.0.0.1:1/x' },
    }))

  test('says what is missing where nobody named it', () =>
    expectFault(
      ['--provider', 'url'],
      'There is no PostgreSQL to be had.\n  url: No URL is given. Give one with --url or in LOCKSTEP_POSTGRES_URL.',
    ))
})

describe('explore on a server that is there', () => {
  let server: DatabaseServer
  beforeAll(async () => {
    const postgres = engines.find(({ name }) => name === 'postgres')!
    server = await obtainServer(postgres, { provider: 'embedded' })
  })
  afterAll(async () => server.stop())

  test('uses it, and leaves it as it was', async () => {
    type Where = Report & { readonly database: { readonly provider: string } }
    for (let time = 0; time < 2; time++) {
      const report = await lockstepJson<Where>([...explore, '--url', server.url])
      expect(report).toMatchObject({ exitCode: 0, database: { provider: 'url' } })
    }
  })

  test('says that the password is wrong, and not what it is', async () => {
    const folder = new URL(server.url).searchParams.get('host')!
    await expectFault(
      ['--url', server.url.replace(/:[0-9a-f]{32}@/, ':secret@')],
      `PostgreSQL at ${folder} does not let this user in: password authentication failed for user "lockstep". Correct the user or the password in the URL.`,
    )
  })

  test('replays there as well', async () => {
    const found = await lockstepJson<Required<Report>>([
      'explore',
      '--strategy',
      'check-then-insert',
      '--seed',
      '1',
      '--url',
      server.url,
    ])
    const { token } = found.counterexample
    const replayed = await lockstep(['replay', token, '--url', server.url])
    expect(replayed).toMatchObject({ exitCode: 1, stderr: '' })
    expect(replayed.stdout).toMatch(/^VIOLATED .* \(url\)/)
  })
})
