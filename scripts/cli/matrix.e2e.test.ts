import { describe, expect, test } from 'vitest'
import { fixture, lockstep, lockstepJson } from '../fixtures/program.ts'

const explore = [
  'explore',
  '--strategy',
  'conditional-update',
  '--schedules',
  '20',
  '--actors',
  '2',
]
/** A server that nobody runs, so that the engine cannot be had, wherever this is run. */
const environment = { LOCKSTEP_MYSQL_URL: 'mysql://root@127.0.0.1:1/' }
const unreachable = 'MySQL at 127.0.0.1:1 cannot be reached: '

interface Document {
  readonly verdict: string
  readonly explorations: readonly { readonly isolation: string; readonly verdict: string }[]
  readonly notRun: readonly { readonly engine: string; readonly reason: string }[]
}

describe.concurrent('explore at several levels', () => {
  const args = [...explore, '--isolation', 'read-committed,serializable']

  test('shows each, and then all of them', async () => {
    const { exitCode, stdout, stderr } = await lockstep(args)
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout).toMatch(
      /^HOLDS {2}purchase\/conditional-update on PostgreSQL \S+ \(embedded\), read-committed\n/,
    )
    expect(stdout).toMatch(
      /\n\nHOLDS {2}purchase\/conditional-update: 2 explorations\n {2}PostgreSQL \S+ {2}read-committed {2}HOLDS {2}20 schedules\n {2}PostgreSQL \S+ {2}serializable {4}HOLDS {2}20 schedules\n$/,
    )
  })

  test('gives programs one document', async () => {
    const document = await lockstepJson<Document>(args)
    expect(document).toMatchObject({
      exitCode: 0,
      verdict: 'holds',
      workload: 'purchase',
      strategy: 'conditional-update',
      explorations: [
        { isolation: 'read-committed', verdict: 'holds', schedules: 20 },
        { isolation: 'serializable', verdict: 'holds', schedules: 20 },
      ],
      notRun: [],
    })
  })
})

describe.concurrent('an engine that cannot be had', () => {
  const args = [...explore, '--database', 'postgres,mysql']

  test('is named with the reason, and is no failure', async () => {
    const { exitCode, stdout } = await lockstep(args, { environment })
    expect(exitCode).toBe(0)
    expect(stdout).toContain(
      '\nHOLDS  purchase/conditional-update: 1 exploration; 1 engine not run\n',
    )
    expect(stdout).toContain(`\n  MySQL was not run. ${unreachable}`)
  })

  test('makes the result inconclusive where it is required', async () => {
    const [people, programs] = await Promise.all([
      lockstep([...args, '--require', 'mysql,postgres'], { environment }),
      lockstepJson<Document>([...args, '--require', 'mysql'], { environment }),
    ])
    expect(people.exitCode).toBe(3)
    expect(people.stdout).toContain(`\n  MySQL was not run, and is required. ${unreachable}`)
    expect(programs).toMatchObject({ exitCode: 3, verdict: 'inconclusive' })
    expect(programs.notRun).toMatchObject([{ engine: 'mysql', required: true }])
    expect(programs.notRun[0]?.reason).toContain(unreachable)
  })
})

test('a strategy that is written for another engine is not run, which is no pass', async () => {
  const args = ['explore', '--strategy', fixture('mysql-only')]
  const document = await lockstepJson<Document>(args)
  expect(document).toEqual({
    exitCode: 3,
    verdict: 'inconclusive',
    workload: 'purchase',
    strategy: 'mysql-only',
    explorations: [],
    notRun: [
      {
        engine: 'postgres',
        reason: 'Strategy "mysql-only" is written for mysql only.',
        required: false,
      },
    ],
  })
})

test.concurrent.for([
  ['--database postgres,mysq', 'There is no database "mysq". Did you mean "mysql"?'],
  [
    '--database postgres --require mysql',
    '--require mysql is not among the databases to run on: add it to --database.',
  ],
  [
    '--database all --url postgres://localhost/x',
    '--url is of one database, and there are 3: set LOCKSTEP_<ENGINE>_URL for each instead.',
  ],
  [
    '--snapshot-isolation maybe --database mariadb',
    '--snapshot-isolation takes on or off, and not "maybe".',
  ],
  [
    '--snapshot-isolation on',
    '--snapshot-isolation is for mariadb, and PostgreSQL has no such thing.',
  ],
  [
    '--isolation read-committed,snapshot',
    'There is no isolation level "snapshot". Known are: read-uncommitted, read-committed, repeatable-read, serializable.',
  ],
] as const)('explore refuses %s', async ([args, sentence]) => {
  expect(await lockstep([...explore, ...args.split(' ')])).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: `lockstep: ${sentence}\n`,
  })
})
