import { beforeAll, describe, expect, test } from 'vitest'
import {
  byName,
  engines,
  isolationCases,
  platforms,
  renderHermitage,
  runIsolationCases,
  type LevelResult,
} from '../harness/index.ts'
import { openLaneAt, whyMissing } from '../harness/testing/lane.ts'
import { cellsOf, describeCell, type Cell } from './cells.ts'

const suiteLimitMs = 120_000

/** Every case at one level: verdict, waits, errors, reads and rows. */
function describeHermitage(cell: Cell): void {
  const engine = byName('database', engines, cell.engine)
  const missing = whyMissing(engine)
  const notRun = missing === undefined ? '' : ` (not run: ${missing})`
  describe.skipIf(missing !== undefined)(`Hermitage on ${describeCell(cell)}${notRun}`, () => {
    let level: LevelResult
    beforeAll(async () => {
      const lane = await openLaneAt(cell, engine)
      level = await runIsolationCases(lane, isolationCases)
      await lane.close()
    }, suiteLimitMs)

    test.for(isolationCases)('$name comes out as expected', ({ name }) => {
      const { platform, isolation } = cell
      expect(level).toMatchObject({ platform, isolation })
      const cases = level.cases.filter(({ which }) => which.name === name)
      expect(cases).toHaveLength(1)
      if (cases[0]?.wentAs !== undefined) return
      expect.unreachable(renderHermitage({ levels: [{ ...level, cases }], notRun: [] }))
    })
  })
}

for (const cell of platforms.flatMap(cellsOf)) describeHermitage(cell)
