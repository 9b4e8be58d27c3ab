import { spawnSync } from 'node:child_process'
import { expect, onTestFinished, test, vi } from 'vitest'

function docker(...args: string[]) {
  const { status, stdout, stderr, error } = spawnSync('docker', args, { encoding: 'utf8' })
  return { succeeded: status === 0, stdout, stderr: error?.message ?? stderr }
}

/** What a shell, SQL and this project's scripts might each take for something else. */
const password = String.raw`it's "$HOME" \n \\ %s`
const name = 'o`d-d'

const mysqlEnvironment = {
  MYSQL_ROOT_PASSWORD: password,
  MYSQL_DATABASE: name,
  MYSQL_USER: name,
  MYSQL_PASSWORD: password,
}
const logInToMysql = (program: string) => [
  program,
  '--host=127.0.0.1',
  `--user=${name}`,
  `--password=${password}`,
  '--skip-column-names',
  '--execute=SELECT DATABASE(), @@max_connections',
  name,
]

interface Case {
  readonly environment: Readonly<Record<string, string>>
  readonly argument: string
  readonly logIn: readonly string[]
}

test.for<[string, Case]>([
  [
    'lockstep/mysql:9',
    {
      environment: mysqlEnvironment,
      argument: '--max-connections=17',
      logIn: logInToMysql('mysql'),
    },
  ],
  [
    'lockstep/mariadb:11.8',
    {
      environment: mysqlEnvironment,
      argument: '--max-connections=17',
      logIn: logInToMysql('mariadb'),
    },
  ],
  [
    'lockstep/postgres:17',
    {
      environment: { POSTGRES_PASSWORD: password, POSTGRES_USER: name },
      argument: '--max-connections=17',
      logIn: [
        'psql',
        '--host=127.0.0.1',
        `--username=${name}`,
        '--tuples-only',
        '--no-align',
        '--field-separator=\t',
        '--command',
        `SELECT current_database(), current_setting('max_connections')`,
      ],
    },
  ],
])(
  '%s takes its account from the environment and its settings from the command',
  async ([image, { environment, argument, logIn }], { skip }) => {
    const there = docker('image', 'inspect', image)
    if (!there.succeeded) return skip(there.stderr.trim())
    const variables = Object.entries(environment).map(([key, value]) => `--env=${key}=${value}`)
    const { stdout: id } = docker('run', '--detach', ...variables, image, argument)
    onTestFinished(() => void docker('rm', '--force', id.trim()))
    const exec = ['exec', `--env=PGPASSWORD=${password}`, id.trim(), ...logIn]
    await vi.waitFor(() => expect(docker(...exec).stdout).toBe(`${name}\t17\n`), {
      timeout: 25_000,
      interval: 200,
    })
  },
)

test.for([
  ['lockstep/mysql:9', 'set MYSQL_ROOT_PASSWORD or MARIADB_ROOT_PASSWORD.'],
  ['lockstep/postgres:17', 'set POSTGRES_PASSWORD.'],
] as const)('%s asks for a password', ([image, remedy], { skip }) => {
  const there = docker('image', 'inspect', image)
  if (!there.succeeded) return skip(there.stderr.trim())
  expect(docker('run', '--rm', image)).toMatchObject({
    succeeded: false,
    stderr: `The data folder is empty: ${remedy}\n`,
  })
})
