import { describe, expect, test } from 'vitest'
import type { PropertyRecord } from './property-record.ts'
import {
  propertiesVerdict,
  renderPropertySummary,
  type PropertyResult,
  type PropertyRun,
} from './property-summary.ts'

const record = (more: Partial<PropertyRecord> = {}): PropertyRecord => ({
  strategy: 'purchase/read-modify-write',
  platform: 'postgres',
  isolation: 'read-committed',
  aspect: 'between statements',
  schedules: 10,
  ...more,
})

const result = (more: Partial<PropertyResult> = {}): PropertyResult => ({
  name: 'on PostgreSQL > purchase/read-modify-write holds',
  state: 'passed',
  errors: [],
  records: [record()],
  ...more,
})

const failed = (name: string, message = 'It is so.', more: Partial<PropertyResult> = {}) =>
  result({ state: 'failed', errors: [{ name, message }], ...more })

const run = (results: readonly PropertyResult[], more: Partial<PropertyRun> = {}): PropertyRun => ({
  results,
  faults: [],
  isInterrupted: false,
  isPart: false,
  seeds: [42],
  ...more,
})

const skipped = result({ state: 'skipped', records: [record({ notRun: 'MySQL is not there.' })] })

describe('the verdict on a run of the properties', () => {
  test.for([
    ['all is as expected', run([result(), skipped]), 'holds'],
    ['something is not', run([result(), failed('NotAsExpected')]), 'violated'],
    ['an assertion has failed', run([failed('AssertionError')]), 'violated'],
    ['something unknown was thrown', run([failed('TypeError')]), 'violated'],
    ['the database was lost', run([result(), failed('DatabaseFault')]), 'inconclusive'],
    ['a replay cannot be followed', run([result(), failed('HarnessFault')]), 'inconclusive'],
    ['nothing can be said of one', run([result(), failed('Inconclusive')]), 'inconclusive'],
    ['one took too long', run([failed('Error', 'Test timed out in 600000ms.')]), 'inconclusive'],
    ['one of each', run([failed('Inconclusive'), failed('NotAsExpected')]), 'violated'],
    ['a hook has failed', run([result()], { faults: ['It has gone.'] }), 'inconclusive'],
    ['it was interrupted', run([result()], { isInterrupted: true }), 'inconclusive'],
    ['nothing was run', run([skipped]), 'inconclusive'],
    ['there is nothing', run([]), 'inconclusive'],
    [
      'only what needs no database was run',
      run([result({ records: [] }), skipped]),
      'inconclusive',
    ],
    ['nothing is of a strategy', run([result({ records: [] })]), 'holds'],
    ['a shard had nothing to run', run([skipped], { isPart: true }), 'holds'],
    ['a shard has failed', run([failed('Inconclusive')], { isPart: true }), 'inconclusive'],
  ] as const)('where %s', ([, of, verdict]) => {
    expect(propertiesVerdict(of)).toBe(verdict)
  })
})

const finding = {
  invariant: 'stock-conserved',
  text: 'VIOLATED  purchase/read-modify-write\n  ```\n  <b>row</b> | 1\n\nstep  A   B',
  file: 'properties/corpus/postgres/x_y.json',
}

test('people see what is not as expected, what was not run, and all cells', () => {
  const level = { isolation: 'serializable', strategy: 'purchase/a|b' } as const
  const text = renderPropertySummary(
    run([
      result({ records: [record({ broken: ['stock-conserved'] })] }),
      result({ records: [record({ isolation: 'repeatable-read' })] }),
      result({
        records: [record({ aspect: 'known counterexample', broken: ['x'], schedules: 1 })],
      }),
      failed('NotAsExpected', 'As below.', { records: [record({ ...level, finding })] }),
      failed('Inconclusive', 'The server has <gone>.', {
        name: 'on PostgreSQL > purchase/a_b holds',
        records: [
          record({ ...level, isolation: 'read-committed', inconclusive: 'The server has <gone>.' }),
        ],
      }),
      failed('AssertionError', 'expected [] to equal [1]', {
        name: 'hermitage',
        records: [],
      }),
      skipped,
      result({
        state: 'skipped',
        skipped: 'the time budget was used up',
        records: [record({ isolation: 'repeatable-read' })],
      }),
      result({
        state: 'skipped',
        records: [record({ platform: 'mysql', notRun: 'MySQL is not there.' })],
      }),
      result({
        records: [
          record({ aspect: 'new search', strategy: 'purchase/c', schedules: 7 }),
          record({ aspect: 'new search', strategy: 'purchase/d', notRun: 'there was no time' }),
        ],
      }),
    ]),
  )
  expect(`\n${text}`).toMatchInlineSnapshot(`
    "
    # Lockstep: violated

    4 properties as expected, 3 not, 3 not run; 88 schedules, 1 known counterexample repeated.

    ## Not as expected

    ### purchase/a\\|b breaks stock-conserved on PostgreSQL at serializable

    \`\`\`\`text
    VIOLATED  purchase/read-modify-write
      \`\`\`
      <b>row</b> | 1

    step  A   B
    \`\`\`\`

    Kept in properties/corpus/postgres/x\\_y.json: among the known counterexamples, it is tried first from now on.

    ### Inconclusive: on PostgreSQL &gt; purchase/a\\_b holds

    \`\`\`text
    The server has <gone>.
    \`\`\`

    ### Not as expected: hermitage

    \`\`\`text
    expected [] to equal [1]
    \`\`\`

    ## Not run

    | how many | why |
    | --- | --- |
    | 2 | MySQL is not there. |
    | 1 | the time budget was used up |
    | 1 | there was no time |

    ## PostgreSQL

    | strategy | read-uncommitted | read-committed | repeatable-read | serializable |
    | --- | --- | --- | --- | --- |
    | purchase/a\\|b | – | **inconclusive** | – | **VIOLATED** |
    | purchase/c | – | holds | – | – |
    | purchase/read-modify-write | – | breaks (in part) | holds (in part) | – |

    \`breaks\`: a known violation came again, as it should. \`holds\`: nothing broke what the strategy claims. \`–\`: nothing was asked.

    To draw the same plans again:

    \`\`\`text
    LOCKSTEP_SEED=42 npx -y pnpm@12 test:props
    \`\`\`
    "
  `)
})

test('of more than twenty failures, the rest is counted, and long texts are cut', () => {
  const long = { ...finding, text: 'x'.repeat(40_000) }
  const all = Array.from({ length: 25 }, () =>
    failed('NotAsExpected', '', { records: [record({ finding: long })] }),
  )
  const text = renderPropertySummary(run(all))
  expect(text.match(/^### /gm)).toHaveLength(20)
  expect(text).toContain('\n5 more are in the log.\n')
  expect(text.length).toBeLessThan(1_000_000)
})

test('a run that was interrupted says so', () => {
  const text = renderPropertySummary(run([result()], { isInterrupted: true }))
  expect(text).toContain('**The run was interrupted.**')
})
