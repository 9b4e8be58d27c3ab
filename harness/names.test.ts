import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { UsageError } from './errors.ts'
import { byName, unknownName } from './names.ts'

const known = ['check-then-insert', 'unique-constraint', 'select-for-update', 'optimistic-version']

describe('byName', () => {
  const plugins = known.map((name, index) => ({ name, index }))

  test('finds what has exactly this name', () => {
    expect(byName('strategy', plugins, 'select-for-update')).toBe(plugins[2])
  })

  test('finds the first of two of one name', () => {
    const twins = [
      { name: 'a', index: 1 },
      { name: 'a', index: 2 },
    ]
    expect(byName('strategy', twins, 'a')).toBe(twins[0])
  })

  test('refuses any other name as a wrong call', () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        fc.pre(!known.includes(name))
        expect(() => byName('strategy', plugins, name)).toThrow(UsageError)
      }),
    )
    expect(() => byName('strategy', plugins, 'select-for-updat')).toThrow(
      'There is no strategy "select-for-updat". Did you mean "select-for-update"?',
    )
  })
})

describe('unknownName', () => {
  test('suggests the nearest known name', () => {
    expect(unknownName('strategy', 'uniqe-constrant', known)).toBe(
      'There is no strategy "uniqe-constrant". Did you mean "unique-constraint"?',
    )
  })

  test('takes more slips in a longer name', () => {
    expect(unknownName('strategy', 'unique-key-constraint', known)).toBe(
      'There is no strategy "unique-key-constraint". Did you mean "unique-constraint"?',
    )
    expect(unknownName('database', 'mysqldump', ['postgres', 'mysql'])).toBe(
      'There is no database "mysqldump". Known are: postgres, mysql.',
    )
  })

  test('suggests the nearest first, and no more than three', () => {
    const tables = ['aaaaab', 'aaaabb', 'aaaaaa', 'bbbbbb', 'aaaaba']
    expect(unknownName('table', 'aaaaac', tables)).toBe(
      'There is no table "aaaaac". Did you mean "aaaaab" or "aaaaaa" or "aaaabb"?',
    )
  })

  test('takes two slips of the finger in a short name', () => {
    expect(unknownName('database', 'msql', ['postgres', 'mysql', 'mariadb'])).toBe(
      'There is no database "msql". Did you mean "mysql"?',
    )
    expect(unknownName('database', 'PostgreS', ['postgres'])).toBe(
      'There is no database "PostgreS". Did you mean "postgres"?',
    )
  })

  test('lists all there are when none is near', () => {
    expect(unknownName('database', 'oracle', ['postgres', 'mysql', 'mariadb'])).toBe(
      'There is no database "oracle". Known are: postgres, mysql, mariadb.',
    )
    expect(unknownName('database', '', ['postgres', 'mysql', 'mariadb'])).toBe(
      'There is no database "". Known are: postgres, mysql, mariadb.',
    )
  })

  test('always names something known, in one line', () => {
    const names = fc.array(fc.stringMatching(/^[a-z-]{1,20}$/), { minLength: 1 })
    const oneLine = fc.string({ unit: 'grapheme-ascii' })
    fc.assert(
      fc.property(oneLine, names, (name, candidates) => {
        const sentence = unknownName('thing', name, candidates)
        expect(candidates.some((candidate) => sentence.includes(candidate))).toBe(true)
        expect(sentence).toMatch(/^There is no thing ".*"\. .+[.?]$/)
      }),
    )
  })
})
