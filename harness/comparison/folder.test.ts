import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  appendFileSync,
  mkdirSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { cellWith, loadSample, resultsWith, safetyWith } from './fixtures/results.ts'
import { ResultsFolder } from './folder.ts'
import { readResults, toResults, type JournalHeader } from './journal.ts'

const place = cellWith()
const { lockstep, startedAt, machine, settings, strategies, format, version } = resultsWith()
const header: JournalHeader = {
  kind: 'comparison',
  format,
  version,
  lockstep,
  startedAt,
  machine,
  settings,
  strategies,
  places: [place],
  unsupported: [],
}

let path: string
beforeEach(() => {
  const parent = mkdtempSync(join(tmpdir(), 'lockstep-test-'))
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }))
  path = join(parent, 'results')
})

const journalOf = (folder: string): string => join(folder, 'journal.jsonl')

describe('a folder of results', () => {
  test('is gone on with where it ended', () => {
    const folder = ResultsFolder.create(path, header)
    folder.append({ kind: 'safety', place, safety: safetyWith([]) })
    folder.append({ kind: 'time', elapsedMs: 1000 })
    folder.close()
    const again = ResultsFolder.resume(path)
    again.append({ kind: 'load', place, load: loadSample() })
    again.append({ kind: 'time', elapsedMs: 500 })
    again.close()
    const last = ResultsFolder.resume(path)
    last.close()
    const results = toResults(last.progress, [], undefined)
    expect(results).toMatchObject({
      elapsedMs: 1500,
      cells: [{ strategy: 'reservation', safety: safetyWith([]), cost: { loads: [loadSample()] } }],
    })
    expect(results.finishedAt).toBeUndefined()
    expect(readResults(JSON.stringify(results), 'results.json')).toEqual(results)
  })

  test('whose last line was cut off loses that line, and no other', () => {
    const folder = ResultsFolder.create(path, header)
    folder.append({ kind: 'safety', place, safety: safetyWith([]) })
    folder.close()
    appendFileSync(journalOf(path), '{"kind":"load","place":{"work')
    const again = ResultsFolder.resume(path)
    again.append({ kind: 'time', elapsedMs: 1 })
    again.close()
    expect(ResultsFolder.resume(path).progress.entries.map(({ kind }) => kind)).toEqual([
      'comparison',
      'safety',
      'time',
    ])
  })

  test('that holds results is not begun anew', () => {
    ResultsFolder.create(path, header).close()
    const before = readFileSync(journalOf(path))
    expect(() => ResultsFolder.create(path, header)).toThrow(
      `${path} holds results already: go on with them by --resume, or name another folder with --output.`,
    )
    expect(readFileSync(journalOf(path))).toEqual(before)
  })

  test('that is not there cannot be gone on with', () => {
    expect(() => ResultsFolder.resume(path)).toThrow(
      `There is nothing to go on with in ${path}: ${journalOf(path)} cannot be read (it does not exist).`,
    )
  })

  test('that cannot be made is said so', () => {
    writeFileSync(path, '')
    expect(() => ResultsFolder.create(path, header)).toThrow(
      `No results can be written to ${path}: there is a file of that name. Name another folder with --output.`,
    )
  })

  test('with a damaged line names it', () => {
    const folder = ResultsFolder.create(path, header)
    folder.close()
    appendFileSync(journalOf(path), 'no JSON\n{"kind":"time","elapsedMs":1}\n')
    expect(() => ResultsFolder.resume(path)).toThrow(
      `Line 2 of ${journalOf(path)} is damaged: it is no JSON.`,
    )
  })

  test('of another version is left alone', () => {
    mkdirSync(path)
    const newer = `${JSON.stringify({ ...header, version: 2 })}\n`
    writeFileSync(journalOf(path), newer)
    expect(() => ResultsFolder.resume(path)).toThrow(
      `${journalOf(path)} is of version 2, which a newer Lockstep has written: this one reads version 1.`,
    )
    expect(readFileSync(journalOf(path), 'utf8')).toBe(newer)
  })

  test('holds whole files only', () => {
    const folder = ResultsFolder.create(path, header)
    expect(folder.write('summary.md', 'one')).toBe(join(path, 'summary.md'))
    folder.write('summary.md', 'two')
    folder.close()
    expect(readFileSync(join(path, 'summary.md'), 'utf8')).toBe('two')
    expect(readdirSync(path).toSorted()).toEqual(['journal.jsonl', 'summary.md'])
  })

  test('that cannot be written to any more says what to do', () => {
    const folder = ResultsFolder.create(path, header)
    mkdirSync(join(path, 'summary.md'))
    expect(() => folder.write('summary.md', 'text')).toThrow(
      /^The results could not be written to .*What was measured before is there: make room, and go on with --resume\.$/s,
    )
    folder.close()
  })

  // Everything that is written to this device finds it full.
  test.skipIf(process.platform !== 'linux')('on a full disk says so', async () => {
    const { symlinkSync } = await import('node:fs')
    const folder = ResultsFolder.create(path, header)
    folder.close()
    rmSync(journalOf(path))
    symlinkSync('/dev/full', journalOf(path))
    expect(() => folder.append({ kind: 'time', elapsedMs: 1 })).toThrow(
      `The results could not be written to ${path}: the disk is full. What was measured before is there: make room, and go on with --resume.`,
    )
    expect(folder.progress.entries).toHaveLength(1)
    folder.close()
  })
})

describe('results.json', () => {
  const text = (changes: object): string => JSON.stringify({ ...resultsWith(), ...changes })

  test.each([
    ['no JSON', '{', 'old.json is no JSON: it is damaged, or another file.'],
    ['something else', '{"name":"lockstep"}', 'old.json holds no results of lockstep compare.'],
    [
      'of a newer version',
      text({ version: 2 }),
      'old.json is of version 2, which a newer Lockstep has written: this one reads version 1. Use that Lockstep, or measure again.',
    ],
    [
      'of an older version',
      text({ version: 0 }),
      'old.json is of version 0, which an older Lockstep has written',
    ],
    ['incomplete', text({ machine: 5 }), 'old.json is not as results.json has to be: at machine,'],
  ])('that is %s is refused', (_, document, message) => {
    expect(() => readResults(document, 'old.json')).toThrow(message)
  })
})
