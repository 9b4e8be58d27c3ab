import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { UsageError } from '../errors.ts'
import { explored, lostUpdate } from '../report/fixtures/lost-update.ts'
import { purchase } from '../workloads/purchase.ts'
import { corpusFiles, keepKnown } from './corpus.ts'
import { formatKnown, knownFrom, knownPath, parseKnown } from './known.ts'
import { encodeToken, type Recording } from './token.ts'

const recording: Recording = {
  workload: 'purchase',
  strategy: 'read-modify-write',
  engine: 'postgres',
  isolation: 'read-committed',
  grain: 'statement',
  invariant: 'stock-conserved',
  plan: lostUpdate.plan,
  trace: [1, 2, 3, 4],
}
const tokenOf = (change: Partial<Recording>): string => encodeToken({ ...recording, ...change })
const known = knownFrom(purchase, explored, { ...lostUpdate, token: tokenOf({}) })
const parse = (change: object) =>
  parseKnown(JSON.stringify({ ...JSON.parse(formatKnown(known)), ...change }), 'x.json')

function refusalOf(change: object): string {
  try {
    parse(change)
  } catch (error) {
    if (error instanceof UsageError) return error.message
    throw error
  }
  return 'It was taken.'
}

describe('the file of a known counterexample', () => {
  test('holds what is needed to replay it, and says what it is', () => {
    const text = formatKnown(known)
    expect(parseKnown(text, 'x.json')).toEqual({ known, recording })
    expect(text).toContain(
      '"   1  SELECT stock FROM product WHERE id = 1",\n    "      → stock 2",',
    )
    expect({ ...known, lanes: [], token: '' }).toMatchInlineSnapshot(`
      {
        "anomaly": "lost-update",
        "engine": "postgres",
        "grain": "statement",
        "invariant": "stock-conserved",
        "isolation": "read-committed",
        "lanes": [],
        "message": "Product 1 had 2, 0 were restocked and 0 sold, so 2 should be left, and 1 are: product(id 1, stock 1); no row in purchase.",
        "serverVersion": "18.4",
        "strategy": "read-modify-write",
        "token": "",
        "workload": "purchase",
      }
    `)
  })

  test.for([
    [
      { format: 'something' },
      'x.json holds no counterexample: its "format" is not "lockstep counterexample".',
    ],
    [
      { version: 2 },
      'x.json is of version 2, and this Lockstep reads version 1: use the Lockstep that wrote it, or a newer one.',
    ],
    [{ version: '1' }, /^x\.json is not as a counterexample's file has to be at "version": /],
    [{ surplus: 1 }, /^x\.json is not as a counterexample's file has to be: .*"surplus"/],
    [{ engine: 'oracle' }, /^x\.json is not as a counterexample's file has to be at "engine": /],
    [{ lanes: 'A B' }, /^x\.json is not as a counterexample's file has to be at "lanes": /],
    [
      { token: tokenOf({}).slice(0, -1) },
      'x.json cannot be replayed. The token is damaged: a part of it is missing or changed. Copy it whole, without line breaks.',
    ],
    [
      { token: tokenOf({ isolation: 'serializable' }) },
      'x.json says isolation "read-committed", and its token says "serializable": one of them was changed. Record it again.',
    ],
    [
      { token: tokenOf({ grain: 'phase' }) },
      'x.json says grain "statement", and its token says "phase": one of them was changed. Record it again.',
    ],
    [
      { snapshotIsolation: true },
      'x.json says snapshotIsolation "true", and its token says "undefined": one of them was changed. Record it again.',
    ],
  ] as const)('%j is refused', ([change, sentence]) => {
    expect(refusalOf(change)).toMatch(sentence)
  })

  test.for(['', '{', 'null', '[]', '"ls1."'])('%j is none', (text) => {
    expect(() => parseKnown(text, 'x.json')).toThrow(/^x\.json holds no counterexample: /)
  })

  test.for([
    [{}, 'postgres/read-committed/purchase.read-modify-write.stock-conserved.json'],
    [
      { grain: 'phase' },
      'postgres/read-committed/purchase.read-modify-write.stock-conserved.phase.json',
    ],
    [
      { engine: 'mariadb', snapshotIsolation: true, isolation: 'serializable' },
      'mariadb-snapshot/serializable/purchase.read-modify-write.stock-conserved.json',
    ],
    [
      { engine: 'mariadb', snapshotIsolation: false },
      'mariadb/read-committed/purchase.read-modify-write.stock-conserved.json',
    ],
  ] as const)('%j belongs into %s', ([change, path]) => {
    expect(knownPath({ ...known, ...change })).toBe(path)
  })
})

test('a folder keeps each counterexample once, and never writes over another one', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-corpus-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = keepKnown(folder, known)
  expect(path).toBe(join(folder, knownPath(known)))
  // The same one found again says no more than the first.
  expect(keepKnown(folder, { ...known, message: 'again' })).toBe(path)
  const other = { ...known, token: tokenOf({ trace: [4, 3, 2, 1] }) }
  const otherPath = keepKnown(folder, other)
  expect(otherPath).toMatch(/\/purchase\.read-modify-write\.stock-conserved\.[0-9a-f]{8}\.json$/)
  expect(keepKnown(folder, other)).toBe(otherPath)
  expect(parseKnown(readFileSync(path, 'utf8'), path).known).toEqual(known)
  expect(parseKnown(readFileSync(otherPath, 'utf8'), otherPath).known).toEqual(other)
  writeFileSync(path, 'mine')
  keepKnown(folder, known)
  expect(readFileSync(path, 'utf8')).toBe('mine')
  expect(corpusFiles(folder)).toHaveLength(3)
})
