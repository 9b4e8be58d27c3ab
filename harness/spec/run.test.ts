import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect } from '../databases/engines/postgres/client.ts'
import { postgres } from '../databases/engines/postgres/index.ts'
import { withSpecDatabase } from '../databases/engines/postgres/spec-connections.ts'
import { startEmbeddedPostgres } from '../databases/providers/embedded.ts'
import type { DatabaseServer } from '../databases/server.ts'
import {
  findIsolationTester,
  howToInstall,
  runIsolationTester,
} from '../testing/isolation-tester.ts'
import { testServer, whyMissing } from '../testing/lane.ts'
import { parseSpec } from './parse.ts'
import { runSpec, type PermutationRecord, type SpecReport, type SpecRunOptions } from './run.ts'

const folder = fileURLToPath(new URL('fixtures', import.meta.url))
const specification = (name: string): string => readFileSync(`${folder}/specs/${name}.spec`, 'utf8')
const expected = (name: string): string => readFileSync(`${folder}/expected/${name}.out`, 'utf8')
const names = readdirSync(`${folder}/specs`).map((file) => file.replace(/\.spec$/, ''))

/** Runs a specification, and returns its transcript and what else there was to say, as one text. */
async function run(
  text: string,
  options: Partial<SpecRunOptions> = {},
): Promise<SpecReport & { readonly printed: string; readonly complaints: string }> {
  let printed = ''
  let complaints = ''
  const report = await runSpec({
    server: testServer(),
    spec: parseSpec(text),
    name: 'test',
    write: (stream, piece) => {
      printed += piece
      if (stream === 'err') complaints += piece
    },
    ...options,
  })
  return { ...report, printed, complaints }
}

describe('a specification that leaves a transaction prepared', () => {
  let server: DatabaseServer
  beforeAll(async () => {
    server = await startEmbeddedPostgres({ settings: { max_prepared_transactions: 1 } })
  })
  afterAll(() => server?.stop())

  test('leaves neither that nor its database', async () => {
    const text = `
      session s1
      step begin { BEGIN; }
      step prepare { PREPARE TRANSACTION 'it''s left'; }`
    // The second would find the name in use.
    for (const attempt of [1, 2]) {
      const { printed, complaints, ended } = await run(text, { server })
      expect({ attempt, complaints, ended }).toEqual({ attempt, complaints: '', ended: undefined })
      expect(printed).toMatch(/step prepare: PREPARE TRANSACTION 'it''s left';\n$/)
    }
    const client = await connect(server.url)
    const { rows } = await client.query(`
      SELECT datname AS left FROM pg_database WHERE datname LIKE 'lockstep\\_%'
      UNION ALL SELECT gid FROM pg_prepared_xacts`)
    await client.end()
    expect(rows).toEqual([])
  })
})

describe.skipIf(whyMissing(postgres))('a specification', () => {
  test.for(names)('prints what the isolation tester prints: %s', async (name) => {
    const { printed, ended, cancelled } = await run(specification(name), { name })
    expect(printed).toBe(expected(name))
    expect({ ended, cancelled }).toEqual({ ended: undefined, cancelled: 0 })
  })

  test('keeps each permutation apart from the others', async () => {
    const records: PermutationRecord[] = []
    const { permutations, of, printed } = await run(specification('write-skew'), {
      only: [20, 2],
      onPermutation: (record) => records.push(record),
    })
    expect({ permutations, of }).toEqual({ permutations: 2, of: 20 })
    expect(records.map(({ number }) => number)).toEqual([2, 20])
    const parts = expected('write-skew').split('\nstarting permutation:')
    expect(printed).toBe([parts[0], parts[2], parts[20]].join('\nstarting permutation:'))
  })

  test('ends where a setup fails, and says why', async () => {
    const { printed, complaints, ended } = await run(
      "setup { SELECT 'x'::int; } session s step a { SELECT 1; }",
    )
    expect(printed).toMatch(/^Parsed test spec with 1 sessions\n\nstarting permutation: a\nsetup/)
    const failure =
      'setup failed: ERROR:  invalid input syntax for type integer: "x"\nLINE 1: SELECT \'x\'::int;\n               ^\n'
    expect(complaints).toBe(failure)
    expect(ended).toEqual({ reason: failure.trimEnd() })
  })

  test('ends where steps wait for each other by their annotations', async () => {
    const { complaints, ended } = await run(`
      session s step a { SELECT 1; }
      session t step b { SELECT 2; }
      permutation a(b) b(a)`)
    expect(complaints).toBe('')
    expect(ended).toBeUndefined()
    const mutual = await run(`
      session s step a { SELECT 1; }
      session t step b { SELECT 2; }
      permutation a(*,b) b(a)`)
    expect(mutual.complaints).toBe(
      'failed to complete permutation due to mutually-blocking steps\n',
    )
    expect(mutual.ended).toEqual({ reason: mutual.complaints.trimEnd() })
  })

  const impossible = `
    setup { CREATE TABLE t (); } teardown { DROP TABLE t; }
    session s step lock { BEGIN; LOCK TABLE t; } step unlock { COMMIT; }
    session u step wait { BEGIN; LOCK TABLE t; ROLLBACK; } step more { SELECT 1; } teardown { SELECT 'end'; }
    permutation lock wait more unlock`

  test('sees that a wait ends by its time limit while others come to wait', async () => {
    const waiters = Array.from({ length: 5 }, (_, index) => `w${index}`)
    const { printed } = await run(`
      setup { CREATE TABLE t (); } teardown { DROP TABLE t; }
      session h setup { BEGIN; } step lock { LOCK TABLE t; } step unlock { COMMIT; }
      session l setup { BEGIN; SET lock_timeout = 100; } step limited { LOCK TABLE t; } step end { COMMIT; }
      ${waiters.map((name) => `session ${name} step ${name} { SELECT FROM t; }`).join('\n')}
      permutation lock limited ${waiters.join(' ')} unlock end`)
    expect(printed).toMatch(
      /step limited: <\.\.\. completed>\nERROR: {2}canceling statement due to lock timeout\n[^]*step unlock: COMMIT;/,
    )
  })

  test('cancels a step that nobody will release', async () => {
    const { printed, cancelled, ended } = await run(impossible, { stepLimitMs: 1000 })
    expect(printed).toContain(
      'isolationtester: canceling step wait after 1 seconds\nstep wait: <... completed>\nERROR:  canceling statement due to user request\n',
    )
    expect({ cancelled, ended }).toEqual({ cancelled: 1, ended: undefined })
  })

  test('stops at once when it is interrupted, and leaves no database', async () => {
    const interruption = new AbortController()
    let printed = ''
    const running = runSpec({
      server: testServer(),
      spec: parseSpec(impossible),
      name: 'test',
      signal: interruption.signal,
      write: (_stream, text) => {
        printed += text
        if (text.includes('<waiting ...>')) interruption.abort()
      },
    })
    expect(await running).toMatchObject({ permutations: 0, ended: 'interrupted' })
    expect(printed).toMatch(/<waiting \.\.\.>\n$/)
  })
})

const tool = findIsolationTester()
const missing = whyMissing(postgres) ?? (tool === undefined ? howToInstall : undefined)

describe.skipIf(missing)(`PostgreSQL's isolation tester ${missing ?? ''}`, () => {
  test.for(names)('prints the same on the same server: %s', async (name) => {
    const printed = await withSpecDatabase(testServer(), (url) =>
      runIsolationTester(tool ?? '', url, name, specification(name)),
    )
    expect(printed).toBe(expected(name))
  })
})
