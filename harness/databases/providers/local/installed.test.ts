import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { EngineName } from '../../engine-name.ts'
import { findAccount } from '../keeper/account.ts'
import { isRoot, ownTemporaryFolder } from '../keeper/fixtures/world.ts'
import { kinds } from '../keeper/kinds/index.ts'
import { findInstallation } from './installed.ts'

/** Looks in the given folders alone, and returns the server or what is said instead. */
async function look(engine: EngineName, ...folders: string[]): Promise<string> {
  const kind = kinds[engine]
  const surroundings = { path: folders.join(':'), places: [] }
  return findInstallation(kind, await findAccount(kind), surroundings).then(
    ({ server }) => server,
    (error: Error & { remedy?: string }) => `${error.message} ${error.remedy}`,
  )
}

/** A folder with programs in it, each a shell script. */
function folderOf(programs: Readonly<Record<string, string>>): string {
  const folder = join(ownTemporaryFolder(), 'bin')
  mkdirSync(folder)
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  }
  return folder
}

const answers = (version: string): string => `echo '${version}'`
const postgresAnswers = answers('postgres (PostgreSQL) 17.1')

describe('where nothing is installed', () => {
  test.for([
    ['postgres', 'postgres', 'PostgreSQL 13 or later (on Debian postgresql)'],
    ['mysql', 'mysqld', 'MySQL 8.0 or later (on Debian mysql-server-core)'],
    ['mariadb', 'mariadbd or mysqld', 'MariaDB 10.5 or later (on Debian mariadb-server-core)'],
  ] as const)('%s says what to install', async ([engine, programs, packages]) => {
    expect(await look(engine, '/nonexistent', '')).toBe(
      `There is no ${programs} on PATH or in the usual places. Install ${packages}, or put it on PATH.`,
    )
  })
})

describe('what is installed counts only', () => {
  test('with the programs that belong to it, beside its real file', async () => {
    const folder = folderOf({ postgres: postgresAnswers })
    expect(await look('postgres', folder)).toMatch(
      `No PostgreSQL on this machine can be used: ${folder}/postgres has no initdb beside it. Install `,
    )
    writeFileSync(join(folder, 'initdb'), '#!/bin/sh\n', { mode: 0o755 })
    const links = join(folder, 'links')
    mkdirSync(links)
    symlinkSync(join(folder, 'postgres'), join(links, 'postgres'))
    expect(await look('postgres', links)).toBe(join(folder, 'postgres'))
  })

  test('when it can be run', async () => {
    const folder = folderOf({ postgres: 'echo broken >&2; exit 3', initdb: '' })
    expect(await look('postgres', folder)).toMatch(
      new RegExp(
        `: ${folder}/postgres cannot be run( by \\w+)?: Command failed: .*broken\\. Install`,
      ),
    )
    chmodSync(join(folder, 'postgres'), 0o644)
    expect(await look('postgres', folder)).toMatch(/cannot be run.*EACCES/)
  })

  test('when the account can run it', async ({ skip }) => {
    if (!isRoot) return skip('only root runs it as another account')
    const folder = folderOf({ postgres: postgresAnswers, initdb: '' })
    expect(await look('postgres', folder)).toBe(join(folder, 'postgres'))
    chmodSync(folder, 0o700)
    expect(await look('postgres', folder)).toMatch(/cannot be run by postgres: .*EACCES/)
  })

  test.for([
    ['mysql', 'mysqld  Ver 10.11.19-MariaDB-0+deb12u1 for debian-linux-gnu', 'MySQL 8.0 or later'],
    ['mysql', '/usr/sbin/mysqld  Ver 5.7.44 for Linux on x86_64', 'MySQL 8.0 or later'],
    ['mysql', '/usr/sbin/mysqld  Ver 8.0.40-0ubuntu for Linux on x86_64 ((Ubuntu))', undefined],
    ['mysql', '/usr/sbin/mysqld  Ver 9.7.4-2 for Linux on x86_64 ((Debian))', undefined],
    ['mariadb', '/usr/sbin/mysqld  Ver 9.7.4-2 for Linux on x86_64', 'MariaDB 10.5 or later'],
    ['mariadb', 'mysqld  Ver 10.3.39-MariaDB for debian-linux-gnu', 'MariaDB 10.5 or later'],
  ] as const)('as %s when it says %s', async ([engine, version, wanted]) => {
    const folder = folderOf({ mysqld: answers(version) })
    const found = join(folder, 'mysqld')
    expect(await look(engine, folder)).toMatch(
      wanted ? `${found} says that it is "${version}" and not ${wanted}. Install` : found,
    )
  })

  test('as PostgreSQL when it is not too old', async () => {
    const folder = folderOf({ postgres: answers('postgres (PostgreSQL) 12.22'), initdb: '' })
    expect(await look('postgres', folder)).toMatch(
      `${folder}/postgres says that it is "postgres (PostgreSQL) 12.22" and not PostgreSQL 13 or later. Install`,
    )
  })

  test('with the scripts that make MariaDB’s system tables', async () => {
    const folder = folderOf({ mariadbd: answers('mariadbd  Ver 11.8.2-MariaDB for Linux') })
    expect(await look('mariadb', folder)).toMatch(
      `${folder}/mariadbd does not have the scripts beside it that make its system tables. Install`,
    )
    const share = join(folder, '../share/mariadb')
    mkdirSync(share, { recursive: true })
    for (const name of ['system_tables', 'performance_tables']) {
      writeFileSync(join(share, `mariadb_${name}.sql`), '')
    }
    expect(await look('mariadb', folder)).toBe(join(folder, 'mariadbd'))
  })
})

test('the next candidate is taken where the first is no good', async () => {
  const broken = folderOf({ postgres: 'exit 1', initdb: '' })
  const sound = folderOf({ postgres: postgresAnswers, initdb: '' })
  expect(await look('postgres', broken, sound)).toBe(join(sound, 'postgres'))
})
