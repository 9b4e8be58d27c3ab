import { describe, expect, test } from 'vitest'
import { completed, isModule, type Manifest } from './manifest.ts'

const needed = { vitest: '^5.0.0' }
const complete = (manifest: Manifest, folder = '/a/seats') => completed(manifest, folder, needed)

test('an empty folder becomes a private package of modules, named like the folder', () => {
  expect(complete({})).toEqual({
    name: 'seats',
    private: true,
    type: 'module',
    scripts: { test: 'vitest run' },
    devDependencies: needed,
  })
})

test.each([
  ['/a/My Seats!', 'my-seats'],
  ['/a/.hidden', 'hidden'],
  ['/a/席', 'booking'],
])('a folder %s gives the name %s', (folder, name) => {
  expect(complete({}, folder).name).toBe(name)
})

test('what an installation has written does not count as said', () => {
  const installed = { dependencies: { lockstep: 'file:lockstep.tgz' } }
  expect(isModule(installed)).toBe(true)
  expect(complete(installed)).toMatchObject({ ...installed, type: 'module' })
})

test('nor does what pnpm writes into an empty folder', () => {
  const untouched = {
    name: 'seats',
    version: '1.0.0',
    main: 'index.js',
    scripts: { test: 'echo "Error: no test specified" && exit 1' },
    license: 'ISC',
  }
  expect(isModule(untouched)).toBe(true)
  expect(complete(untouched)).toMatchObject({ type: 'module', scripts: { test: 'vitest run' } })
  expect(isModule({ ...untouched, main: 'lib/main.js' })).toBe(false)
  expect(isModule({ ...untouched, scripts: { test: 'jest' } })).toBe(false)
})

describe('a package that somebody has made', () => {
  const theirs = {
    name: 'theirs',
    type: 'commonjs',
    main: 'index.js',
    scripts: { test: 'node --test', build: 'tsc' },
    devDependencies: { vitest: '4.0.0' },
  }

  test('stays as it is where it has what is needed', () => {
    expect(complete(theirs)).toEqual(theirs)
  })

  test('keeps its name, type, scripts and packages besides what is added', () => {
    const { test: _, ...scripts } = theirs.scripts
    const devDependencies = { tsx: '1.0.0' }
    expect(complete({ ...theirs, scripts, devDependencies })).toEqual({
      ...theirs,
      scripts: { build: 'tsc', test: 'vitest run' },
      devDependencies: { tsx: '1.0.0', vitest: '^5.0.0' },
    })
  })

  test('has no test where npm has put its own words', () => {
    const scripts = { test: 'echo "Error: no test specified" && exit 1' }
    expect(complete({ ...theirs, scripts }).scripts).toEqual({ test: 'vitest run' })
  })

  test.each([
    ['module', true],
    ['commonjs', false],
    [undefined, false],
  ])('of type %s has modules in .ts files: %s', (type, isOne) => {
    expect(
      isModule({ name: 'theirs', exports: './index.js', ...(type !== undefined && { type }) }),
    ).toBe(isOne)
  })
})
