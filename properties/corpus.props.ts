import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  byName,
  corpusFiles,
  engines,
  parseKnown,
  type Lane,
  type Recording,
} from '../harness/index.ts'
import { openLaneAt, whyMissing } from '../harness/testing/lane.ts'
import { testCell } from './cell-test.ts'
import { cellsOf, describeCell, platforms, type Cell } from './cells.ts'
import { idOf, isMended, repeatBroken, repeatMended, type Known } from './known.ts'
import { corpus } from './surprise.ts'

/** Those that cannot be read, and why. */
const unreadable: (readonly [file: string, error: unknown])[] = []

const readable: readonly Known[] = corpusFiles(corpus).flatMap((name) => {
  const file = join(corpus, name)
  try {
    const { known, recording } = parseKnown(readFileSync(file, 'utf8'), file)
    return [{ file, known, recording, strategy: idOf(known, file) }]
  } catch (error) {
    unreadable.push([file, error])
    return []
  }
})

describe('known counterexamples', () => {
  test.for(unreadable)('can be read: %s', ([, error]) => {
    throw error
  })

  test('are there', () => expect(readable).not.toEqual([]))
})

for (const cell of platforms.flatMap(cellsOf)) {
  const here = readable.filter(({ recording }) => isAt(recording, cell))
  if (here.length > 0) describeKnown(cell, here)
}

function isAt({ engine, isolation, snapshotIsolation }: Recording, cell: Cell): boolean {
  return (
    engine === cell.engine &&
    isolation === cell.isolation &&
    snapshotIsolation === cell.snapshotIsolation
  )
}

/** Declares that what is known to break does so again, and what was mended does not. */
function describeKnown(cell: Cell, all: readonly Known[]): void {
  const engine = byName('database', engines, cell.engine)
  const missing = whyMissing(engine)
  describe.skipIf(missing !== undefined)(`known of ${describeCell(cell)}`, () => {
    let lane: Lane
    beforeAll(async () => {
      lane = await openLaneAt(cell, engine)
    })
    afterAll(() => lane?.close())

    for (const each of all) {
      const { strategy, known, file } = each
      const mended = isMended(each, cell)
      const again = mended ? 'does not break' : 'breaks'
      const grain = known.grain === 'statement' ? '' : ` (${known.grain})`
      testCell(
        `${again} ${known.invariant} again${grain}: ${file}`,
        { strategy, cell, aspect: 'known counterexample', notRun: missing },
        (note) => (mended ? repeatMended(lane, each, note) : repeatBroken(lane, each, note)),
      )
    }
  })
}
