import { describe, expect, test } from 'vitest'
import { isolationCases } from '../../harness/index.ts'
import { lockstep, lockstepJson } from '../fixtures/program.ts'

/** A server that nobody runs, so that the engine cannot be had, wherever this is run. */
const environment = { LOCKSTEP_MYSQL_URL: 'mysql://root@127.0.0.1:1/' }

interface Document {
  readonly verdict: string
  readonly levels: readonly {
    readonly platform: string
    readonly isolation: string
    readonly anomalies: Readonly<Record<string, { readonly observed: string }>>
    readonly cases: readonly { readonly case: string; readonly wentAs: string }[]
  }[]
  readonly notRun: readonly { readonly platform: string; readonly reason: string }[]
}

describe.concurrent('hermitage', () => {
  test('runs every case at every level, and shows the matrix', async () => {
    const { exitCode, stdout, stderr } = await lockstep(['hermitage'])
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout).toMatch(/^PostgreSQL \S+ \(embedded\)\n\n {30}G0 {2}G1a {2}G1b /)
    expect(stdout).toContain(
      '\n  repeatable-read   expected  -   -    -    -    -    -     -     -         seen     seen\n' +
        '                    observed  -   -    -    -    -    -     -     -         seen     seen\n',
    )
    for (const { name } of isolationCases) expect(stdout).toContain(`\n  ${name} `)
    expect(stdout).toMatch(/\n\nAS EXPECTED {2}Hermitage: 60 runs, 60 as expected\n$/)
    expect(stdout.split('\n').filter((line) => line.length > 100)).toEqual([])
    expect(stdout).not.toContain('\u001B')
  })

  test('gives programs one document', async () => {
    const document = await lockstepJson<Document>([
      'hermitage',
      '--isolation',
      'serializable,read-committed',
      '--case',
      'p4,g-single',
    ])
    expect(document).toMatchObject({
      exitCode: 0,
      verdict: 'as expected',
      levels: [
        {
          platform: 'postgres',
          isolation: 'serializable',
          anomalies: { P4: { observed: 'prevented' }, 'G-single': { observed: 'prevented' } },
          cases: [
            {
              case: 'p4',
              wentAs: 'expected',
              expected: { verdict: 'prevented', by: 'error 40001' },
              observed: {
                verdict: 'prevented',
                by: 'error 40001',
                errors: { 'w2[1=11]': '40001w' },
              },
            },
            { case: 'g-single', observed: { verdict: 'prevented', by: 'snapshot' } },
          ],
        },
        {
          isolation: 'read-committed',
          anomalies: { P4: { observed: 'seen' }, 'G-single': { observed: 'seen' } },
          cases: [{ observed: { verdict: 'seen', serialOrder: null } }, {}],
        },
      ],
      notRun: [],
    })
  })

  test('is inconclusive without a database that was asked for, and says why', async () => {
    const args = ['hermitage', '--database', 'postgres,mysql', '--case', 'p4']
    const [people, programs] = await Promise.all([
      lockstep(args, { environment }),
      lockstepJson<Document>(args, { environment }),
    ])
    expect({ exitCode: people.exitCode, stderr: people.stderr }).toEqual({
      exitCode: 3,
      stderr: '',
    })
    expect(people.stdout).toMatch(
      /\n\nINCONCLUSIVE {2}Hermitage: 4 runs, 4 as expected, 1 database not run\n {2}MySQL was not run\. MySQL at 127\.0\.0\.1:1 cannot be reached: /,
    )
    expect(programs).toMatchObject({ exitCode: 3, verdict: 'inconclusive' })
    expect(programs.levels).toHaveLength(4)
    expect(programs.notRun).toMatchObject([{ platform: 'mysql' }])
  })
})

test.concurrent.for([
  ['--case g1d', 'There is no case "g1d". Did you mean "g1a" or "g1b" or "g1c"?'],
  ['--database oracle', 'There is no database "oracle". Known are: postgres, mysql, mariadb.'],
  [
    '--isolation snapshot',
    'There is no isolation level "snapshot". Known are: read-uncommitted, read-committed, repeatable-read, serializable.',
  ],
  [
    '--database all --url postgres://localhost/x',
    '--url is of one database, and there are 3: set LOCKSTEP_<ENGINE>_URL for each instead.',
  ],
] as const)('hermitage refuses %s', async ([args, sentence]) => {
  expect(await lockstep(['hermitage', ...args.split(' ')])).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: `lockstep: ${sentence}\n`,
  })
})
