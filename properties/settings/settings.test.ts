import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { strategyIds } from '../../strategies/index.ts'
import { changedStrategies, touchedBy } from './changed.ts'
import { chooseDeadline } from './deadline.ts'
import { namesIn, secondsIn, wholeNumberIn } from './environment.ts'
import { chooseSeed } from './seed.ts'
import { stageOf, stages, wantedStages } from './stages.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

afterEach(() => {
  vi.unstubAllEnvs()
})

/** Sets the variables, and takes every other that matters away. */
function given(variables: Readonly<Record<string, string>>): void {
  for (const name of ['CI', 'GITHUB_SHA', 'CI_COMMIT_SHA', 'LOCKSTEP_SEED', 'LOCKSTEP_STAGES']) {
    vi.stubEnv(name, undefined)
  }
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
}

describe('the seed', () => {
  test('is what LOCKSTEP_SEED says', () => {
    given({ LOCKSTEP_SEED: '-7', CI: 'true', GITHUB_SHA: 'ffffffff' })
    expect(chooseSeed()).toBe(-7)
  })

  test('is the beginning of the commit where a service runs the tests', () => {
    given({ CI: 'true', GITHUB_SHA: 'f'.repeat(40) })
    expect(chooseSeed()).toBe(2 ** 31 - 1)
    given({ CI: 'true', CI_COMMIT_SHA: `0000000a${'0'.repeat(32)}` })
    expect(chooseSeed()).toBe(5)
    given({ CI: 'true' })
    expect(chooseSeed()).toBe(chooseSeed())
  })

  test('is another one each time elsewhere', () => {
    given({ GITHUB_SHA: 'f'.repeat(40) })
    expect(new Set(Array.from({ length: 20 }, chooseSeed)).size).toBeGreaterThan(10)
  })
})

describe('a variable that holds what it cannot', () => {
  test.for([
    [
      () => wholeNumberIn('IT'),
      'many',
      'IT takes a whole number, at least -2147483648, and not "many".',
    ],
    [() => wholeNumberIn('IT', 1), '0', 'IT takes a whole number, at least 1, and not "0".'],
    [
      () => wholeNumberIn('IT'),
      '2147483648',
      'IT takes a whole number, at least -2147483648, and not "2147483648".',
    ],
    [() => secondsIn('IT'), '0', 'IT takes a number of seconds above 0, and not "0".'],
    [() => secondsIn('IT'), '-1', 'IT takes a number of seconds above 0, and not "-1".'],
    [
      () => namesIn('IT', stages),
      'corpus,serach',
      'IT takes corpus, changed, expectations, search, and not "serach".',
    ],
  ] as const)('is refused, %#', ([read, text, sentence]) => {
    vi.stubEnv('IT', text)
    expect(read).toThrow(sentence)
  })

  test('is not one that is set to nothing', () => {
    vi.stubEnv('IT', '')
    expect([wholeNumberIn('IT'), secondsIn('IT'), namesIn('IT', stages)]).toEqual(
      Array(3).fill(undefined),
    )
  })
})

test('the time budget ends as many seconds after the beginning', () => {
  vi.stubEnv('LOCKSTEP_TIME_BUDGET', '1.5')
  expect(chooseDeadline(1000)).toBe(2500)
  vi.stubEnv('LOCKSTEP_TIME_BUDGET', undefined)
  expect(chooseDeadline(1000)).toBeUndefined()
})

test('the name of a file says its stage', () => {
  expect(
    ['corpus', 'mysql-changed', 'mysql-inside', 'search'].map((name) =>
      stageOf(`/somewhere/properties/${name}.props.ts`),
    ),
  ).toEqual(['corpus', 'changed', 'expectations', 'search'])
  vi.stubEnv('LOCKSTEP_STAGES', 'search, corpus')
  expect(wantedStages()).toEqual(['search', 'corpus'])
})

describe('what a change touches', () => {
  test('is the strategy whose file it is', () => {
    expect(touchedBy(['strategies/purchase/select-for-update.ts'], root)).toContain(
      'purchase/select-for-update',
    )
    expect(touchedBy(['strategies/purchase/unfenced-lease.ts'], root)).toEqual([
      'purchase/unfenced-lease',
    ])
  })

  test('is all that import it, by whatever way', () => {
    const touched = touchedBy(['strategies/purchase/steps.ts'], root)
    expect(touched).toContain('purchase/select-for-update')
    // Through strategies/checkout/compose.ts or the strategies it is composed of.
    expect(touched).toContain('checkout/lock-both')
    expect(touched).not.toContain('redemption/upsert')
    expect(touchedBy(['strategies/queryable.ts'], root).length).toBeGreaterThan(20)
  })

  test('is a whole workload, where what is expected of it has changed', () => {
    expect(touchedBy(['properties/expectations/checkout.ts'], root)).toEqual([
      'checkout/check-both',
      'checkout/lock-both',
    ])
  })

  test('is none before others, where it is of the harness', () => {
    expect(touchedBy(['harness/run.ts', 'README.md'], root)).toEqual([])
  })

  test('is called as the catalogue calls it', () => {
    const all = strategyIds.map((id) => `strategies/${id}.ts`)
    expect(touchedBy(all, root)).toEqual([...strategyIds].toSorted())
  })

  test('is found by git, since the commit that was left, what is not committed included', () => {
    const folder = mkdtempSync(join(tmpdir(), 'lockstep-changed-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], {
        cwd: folder,
        encoding: 'utf8',
      })
    const strategy = (name: string, text = '') =>
      writeFileSync(join(folder, `strategies/w/${name}.ts`), `export default ${text}{}\n`)
    git('init', '--initial-branch', 'main', '--quiet')
    cpSync(join(root, '.gitignore'), join(folder, '.gitignore'))
    mkdirSync(join(folder, 'strategies/w'), { recursive: true })
    for (const name of ['one', 'two', 'three']) strategy(name)
    git('add', '.')
    git('commit', '--quiet', '--message', 'Begin')
    git('checkout', '--quiet', '-b', 'change')
    strategy('one', '1, ')
    git('commit', '--quiet', '--all', '--message', 'Change')
    strategy('two', '2, ')
    strategy('four')
    expect(changedStrategies('main', folder)).toEqual(['w/four', 'w/one', 'w/two'])
    expect(changedStrategies('HEAD', folder)).toEqual(['w/four', 'w/two'])
    expect(() => changedStrategies('nowhere', folder)).toThrow(
      'LOCKSTEP_CHANGED_SINCE names "nowhere", and git finds nothing in common with it here: fetch more of the history (in GitHub Actions, "fetch-depth: 0").',
    )
  })
})
