import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, globSync } from 'node:fs'
import { join } from 'node:path'

/** PostgreSQL's own tool, in the folder that `pg_config --pgxs` names. */
const inPgxs = 'src/test/isolation/isolationtester'

/**
 * Path of PostgreSQL's isolation tester, or undefined where it is not installed: what
 * LOCKSTEP_ISOLATIONTESTER says, else the one of the newest PostgreSQL found.
 */
export function findIsolationTester(): string | undefined {
  const { LOCKSTEP_ISOLATIONTESTER: named } = process.env
  if (named !== undefined && named !== '') return named
  return [...ofPgConfig(), ...ofDebian()].find(isExecutable)
}

/** Why there is none, and what to do. */
export const howToInstall =
  "PostgreSQL's isolation tester is not installed: on Debian it comes with postgresql-client-15 (or of another version), and LOCKSTEP_ISOLATIONTESTER can name it."

function ofPgConfig(): string[] {
  const { stdout } = spawnSync('pg_config', ['--pgxs'], { encoding: 'utf8' })
  // …/pgxs/src/makefiles/pgxs.mk
  return stdout ? [join(stdout.trim(), '../../..', inPgxs)] : []
}

const versionOf = (path: string): number => Number(/\/(\d+)\//.exec(path)?.[1] ?? 0)

const ofDebian = (): string[] =>
  globSync(`/usr/lib/postgresql/*/lib/pgxs/${inPgxs}`).toSorted(
    (a, b) => versionOf(b) - versionOf(a),
  )

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/**
 * Runs the tool, as PostgreSQL's own test driver does, and returns all that it prints.
 *
 * @param databaseUrl as of `withSpecDatabase`
 * @param name what sessions are called after
 * @param onPrinted hears each piece as it is printed
 */
export async function runIsolationTester(
  tool: string,
  databaseUrl: string,
  name: string,
  specification: string,
  onPrinted: (text: string) => void = () => {},
): Promise<string> {
  // One pipe for both, so that what is printed keeps its order.
  const child = spawn('sh', ['-c', 'exec "$0" "$1" 2>&1', tool, databaseUrl], {
    env: {
      ...process.env,
      PGAPPNAME: `isolation/${name}`,
      PGTZ: 'America/Los_Angeles',
      PGDATESTYLE: 'Postgres, MDY',
      PGOPTIONS: '-c intervalstyle=postgres_verbose',
      PG_TEST_TIMEOUT_DEFAULT: '10',
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let printed = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text
    onPrinted(text)
  })
  child.stdin.end(specification)
  await once(child, 'close')
  return printed
}
