import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { UsageError } from '../../harness/index.ts'
import { initialise } from './project.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lockstep-init-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const read = (file: string): string => readFileSync(join(folder, file), 'utf8')
const put = (file: string, text: string): void => writeFileSync(join(folder, file), text)
const files = (): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name).slice(folder.length + 1))
    .toSorted()
const init = (force = false, manager = 'npm', where = folder) => initialise(where, force, manager)

const inModules = [
  'README.md',
  'booking.test.ts',
  'package.json',
  'strategies/check-then-book.ts',
  'strategies/lock-then-book.ts',
  'tsconfig.json',
  'workloads/booking.ts',
]

test('an empty folder gets all of it, and is told what to do', () => {
  const { written, kept, next } = init()
  expect(written.toSorted()).toEqual(inModules)
  expect(files()).toEqual(inModules)
  expect(kept).toEqual([])
  expect(next).toEqual([
    'npm install --save-dev path/to/lockstep-0.1.0.tgz',
    'npm install',
    'npm test',
    'npx lockstep explore --strategy ./strategies/check-then-book.ts',
  ])
})

test('a folder that is not there is made', () => {
  init(false, 'npm', join(folder, 'a/b'))
  expect(files()).toContain('a/b/workloads/booking.ts')
})

test('two commands are left where Lockstep and vitest are installed', () => {
  put('package.json', '{"devDependencies":{"lockstep":"1","vitest":"5"}}')
  expect(init().next).toEqual([
    'npm test',
    'npx lockstep explore --strategy ./strategies/check-then-book.ts',
  ])
})

describe('where files of these names are there already', () => {
  const theirs = 'theirs'
  beforeEach(() => {
    mkdirSync(join(folder, 'workloads'))
    put('workloads/booking.ts', theirs)
    put('booking.test.ts', theirs)
  })

  test('nothing is written, and they are named', () => {
    expect(() => init()).toThrow(UsageError)
    expect(() => init()).toThrow(
      /workloads\/booking\.ts, .*booking\.test\.ts are there already, and nothing was written: .* --force/,
    )
    expect(files()).toEqual(['booking.test.ts', 'workloads/booking.ts'])
    expect(read('booking.test.ts')).toBe(theirs)
  })

  test('--force writes them over', () => {
    init(true)
    expect(read('booking.test.ts')).toContain('testStrategy')
    expect(read('workloads/booking.ts')).toContain('Workload')
  })
})

test.each([false, true])('a README and a tsconfig.json are kept, with force %s', (force) => {
  put('README.md', 'mine')
  put('tsconfig.json', '{}')
  const { kept, written } = init(force)
  expect(kept).toEqual(['README.md', 'tsconfig.json'])
  expect(written).not.toContain('README.md')
  expect([read('README.md'), read('tsconfig.json')]).toEqual(['mine', '{}'])
})

test('a package whose .ts files are no modules gets .mts files that import one another', () => {
  put('package.json', '{"name":"theirs","type":"commonjs"}')
  const { next } = init()
  expect(files()).toContain('strategies/check-then-book.mts')
  expect(files().filter((file) => file.endsWith('.ts'))).toEqual([])
  for (const file of ['booking.test.mts', 'strategies/lock-then-book.mts', 'README.md']) {
    expect(read(file)).not.toMatch(/(book|booking)\.ts\b/)
  }
  expect(read('booking.test.mts')).toContain("from './workloads/booking.mts'")
  expect(next.at(-1)).toBe('npx lockstep explore --strategy ./strategies/check-then-book.mts')
})

test('a test script that is there already stays, and another command is told', () => {
  put('package.json', '{"name":"theirs","type":"module","scripts":{"test":"node --test"}}')
  expect(init().next).toContain('npx vitest run booking.test.ts')
  expect(JSON.parse(read('package.json'))).toMatchObject({ scripts: { test: 'node --test' } })
})

test('a folder inside a package that has Lockstep leaves that package alone', () => {
  const manifest = '{"type":"module","devDependencies":{"lockstep":"1"}}'
  put('package.json', manifest)
  const { written, next } = init(false, 'npm', join(folder, 'concurrency'))
  expect(written).not.toContain('package.json')
  expect(read('package.json')).toBe(manifest)
  expect(next).toContain('npm install --save-dev vitest')
})

describe('with pnpm', () => {
  test('it is said what may run code at installation', () => {
    const { written, next } = init(false, 'pnpm')
    expect(written).toContain('pnpm-workspace.yaml')
    expect(next).toContain('pnpm test')
  })

  test('a workspace that is there keeps its rules', () => {
    put('pnpm-workspace.yaml', '')
    expect(init(false, 'pnpm').kept).toEqual(['pnpm-workspace.yaml'])
    expect(init(false, 'pnpm', join(folder, 'inner')).written).not.toContain('pnpm-workspace.yaml')
  })
})

test.each([
  ['{', /package\.json cannot be read: /],
  ['[]', /package\.json is no package\.json: it holds no object/],
])('a package.json that holds %s is refused, before anything is written', (text, message) => {
  put('package.json', text)
  expect(() => init()).toThrow(message)
  expect(files()).toEqual(['package.json'])
})

test('a file in place of the folder is refused', () => {
  put('file', '')
  expect(() => init(false, 'npm', join(folder, 'file'))).toThrow(/file is a file: name a folder/)
})

test('what cannot be written is named', () => {
  put('workloads', '')
  expect(() => init()).toThrow(/workloads\/booking\.ts cannot be written: /)
})
