import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { holds, substitute } from './expression.ts'
import { runWorkflow, type RunOptions } from './run.ts'
import { parseWorkflow } from './workflow.ts'

const fileIn = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8')

/** Runs the text of a workflow in an empty folder. */
async function run(text: string, more: Partial<RunOptions> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-workflow-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const said: string[] = []
  const options: RunOptions = {
    matrix: {},
    env: {},
    context: { 'github.sha': 'abc' },
    without: [],
    folder,
    signal: new AbortController().signal,
    say: (line) => said.push(line),
    ...more,
  }
  const exitCode = await runWorkflow(parseWorkflow(text, 'x.yml'), options)
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8')
  return { exitCode, said, read }
}

describe('a workflow', () => {
  test('is run step by step, for each combination of its matrix, with its variables', async () => {
    const { exitCode, said, read } = await run(`
env: { ONE: workflow, TWO: workflow, THREE: workflow, FOUR: 4 }
jobs:
  build:
    runs-on: somewhere
    strategy: { matrix: { a: [x, 1/2], b: [z] } }
    env: { TWO: job, THREE: job, SHA: '\${{ github.sha }}' }
    steps:
      - uses: actions/checkout@v5
      - name: Write
        env: { THREE: 'step \${{ matrix.a }}' }
        run: |
          echo "\${{ strategy.job-index }} $ONE $TWO $THREE $FOUR $SHA" >> out
`)
    expect(exitCode).toBe(0)
    expect(read('out')).toBe('0 workflow job step x 4 abc\n1 workflow job step 1/2 4 abc\n')
    expect(said).toEqual([
      '– build, a x, b z: actions/checkout@v5: left out, as it is an action',
      '▶ build, a x, b z: Write',
      '– build, a 1/2, b z: actions/checkout@v5: left out, as it is an action',
      '▶ build, a 1/2, b z: Write',
    ])
  })

  const failing = `
on: push
defaults: {}
jobs:
  first:
    services: { db: {} }
    steps:
      - { name: Fails, run: 'false; echo no > never; exit 1' }
      - { name: Next, run: 'echo no > never' }
      - { name: Mend, if: failure(), run: echo failed >> out }
      - { name: Always, if: always(), run: exit 7, continue-on-error: true }
  second: { needs: first, steps: [{ run: echo second > never }] }
  third: { needs: [first], if: '\${{ !cancelled() }}', steps: [{ run: echo third >> out }] }
`

  test('ends with the code of the first failure, after what is to be run in any case', async () => {
    const { exitCode, said, read } = await run(failing)
    expect(exitCode).toBe(1)
    expect(read('out')).toBe('failed\nthird\n')
    expect(() => read('never')).toThrow(/ENOENT/)
    expect(said).toEqual([
      '– "defaults" is left out',
      '– job first: "services" is left out',
      '▶ first: Fails',
      '✗ first: Fails: exit code 1',
      '– first: Next: not run, as a step before it has failed',
      '▶ first: Mend',
      '– first: Always: "continue-on-error" is left out',
      '▶ first: Always',
      '✗ first: Always: exit code 7',
      '– job second: not run, as a job that it needs has failed',
      '▶ third: echo third >> out',
    ])
  })

  test('can be run in part, with other variables', async () => {
    const { exitCode, said, read } = await run(failing, {
      jobs: ['third'],
      without: ['Fails'],
      env: { OTHER: 'x' },
    })
    expect([exitCode, read('out')]).toEqual([0, 'third\n'])
    expect(said[1]).toBe('– job first: left out, as it was not asked for')
    const some = await run(
      'jobs: { a: { env: { ONE: theirs }, strategy: { matrix: { n: [1, 2] } }, steps: [{ name: Skip, run: exit 1 }, { run: \'echo "$ONE ${{ matrix.n }}" >> out\' }] } }',
      { env: { ONE: 'mine' }, matrix: { n: '3' }, without: ['Skip'] },
    )
    expect([some.exitCode, some.read('out')]).toEqual([0, 'mine 3\n'])
  })

  test('ends with the step that runs, when it is interrupted', async () => {
    const interruption = new AbortController()
    const text =
      'jobs: { a: { steps: [{ run: sleep 60 }, { if: always(), run: echo no > never }] } }'
    const ended = run(text, { signal: interruption.signal })
    setTimeout(() => interruption.abort(), 200)
    const { exitCode, read } = await ended
    expect(exitCode).toBe(128 + 15)
    expect(() => read('never')).toThrow(/ENOENT/)
  })

  test.for([
    ['jobs: [', /^x\.yml is not YAML: /],
    ['name: x', /^x\.yml is no workflow that can be run here: .* at "jobs"\.$/],
    [
      'jobs: { a: { steps: 1 } }',
      /^x\.yml is no workflow that can be run here: .* at "jobs\.a\.steps"\.$/,
    ],
  ] as const)('%j is none', ([text, sentence]) => {
    expect(() => parseWorkflow(text, 'x.yml')).toThrow(sentence)
  })
})

test('an expression that is not known is refused, and not left empty', () => {
  expect(substitute('a ${{ matrix.n }} ${{matrix.n}}', { 'matrix.n': '1' })).toBe('a 1 1')
  expect(() => substitute('${{ job.services.db.id }}', {})).toThrow(
    'The expression "job.services.db.id" has no value here: leave the step out with --without, or give a value with --value "job.services.db.id=…".',
  )
  expect(() => holds("github.ref == 'x'", false)).toThrow(
    'The condition "github.ref == \'x\'" is not understood here.',
  )
})

describe('what is ready to copy', () => {
  const github = fileIn('docs/ci/github-actions.yml')
  const gitlab = fileIn('docs/ci/gitlab-ci.yml')

  test('is what this repository uses', () => {
    expect(fileIn('.github/workflows/ci.yml')).toBe(github)
  })

  test('is a workflow that can be run by steps', () => {
    const { jobs } = parseWorkflow(github, 'github-actions.yml')
    expect(Object.keys(jobs)).toEqual(['check', 'properties', 'report'])
    expect(jobs['report']?.needs).toEqual(['properties'])
  })

  /** Commands with the names of each service's own variables taken away. */
  const commandsOf = (texts: readonly string[]): string[] =>
    texts
      .filter((text) => text.includes('test:props'))
      .map((text) =>
        text
          .replaceAll(
            /\$\{\{ (matrix\.shard|strategy\.job-index) \}\}|\$CI_NODE_\w+(\/\$CI_NODE_TOTAL)?/g,
            '_',
          )
          .replaceAll(/\s+/g, ' ')
          .trim(),
      )

  test('asks the same of both services', () => {
    const workflow = parseWorkflow(github, 'github-actions.yml')
    const steps = Object.values(workflow.jobs).flatMap(({ steps: of }) => of)
    const jobs = Object.values(parse(gitlab) as Record<string, { script?: string[] }>)
    const onGithub = commandsOf(steps.flatMap(({ run: command }) => command ?? []))
    expect(onGithub).toHaveLength(2)
    expect(commandsOf(jobs.flatMap(({ script = [] }) => script))).toEqual(onGithub)
  })

  test('sets the same variables, and each is described', () => {
    const variables = (text: string): string[] =>
      [...new Set(text.match(/LOCKSTEP_\w+/g))]
        .filter((name) => name !== 'LOCKSTEP_SUMMARY')
        .toSorted()
    expect(variables(gitlab)).toEqual(variables(github))
    expect(variables(github).length).toBeGreaterThan(5)
    const described = fileIn('docs/ci.md')
    for (const name of variables(github)) expect(described).toContain(name)
  })
})
