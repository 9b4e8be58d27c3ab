import { beforeAll, describe, expect, test } from 'vitest'
import {
  decodeToken,
  explore,
  knownFrom,
  random,
  type KnownCounterexample,
  type Lane,
  type PropertyRecord,
} from '../harness/index.ts'
import { Inconclusive } from '../harness/testing/inconclusive.ts'
import { openLane } from '../harness/testing/lane.ts'
import { NotAsExpected } from '../harness/testing/not-as-expected.ts'
import readModifyWrite from '../strategies/purchase/read-modify-write.ts'
import type { StrategyId } from '../strategies/index.ts'
import { cellsOf } from './cells.ts'
import { idOf, isMended, repeatBroken, repeatMended, type Known } from './known.ts'

let lane: Lane
let found: KnownCounterexample
beforeAll(async () => {
  lane = await openLane('read-committed')
  const exploration = await explore({
    lane,
    strategy: readModifyWrite,
    explorer: random,
    grains: ['statement'],
    invariants: ['stock-conserved'],
    seed: 1,
  })
  if (exploration.verdict !== 'violated') throw new Error('it breaks')
  found = knownFrom(readModifyWrite.workload, exploration, exploration.counterexample)
  return () => lane.close()
})

/** What was found, as if it were of another strategy or invariant. */
function knownOf(strategy: StrategyId = 'purchase/read-modify-write', more = {}): Known {
  const name = strategy.split('/')[1] ?? ''
  const known = { ...found, strategy: name, ...more }
  const recording = { ...decodeToken(found.token), strategy: name, ...more }
  return { file: 'x.json', strategy, known, recording }
}

/** What a repetition told, and what it threw. */
async function outcomeOf(repeat: typeof repeatBroken, known: Known) {
  let told: Partial<PropertyRecord> = {}
  const note = (more: Partial<PropertyRecord>): void => {
    told = { ...told, ...more }
  }
  const thrown: unknown = await repeat(lane, known, note).catch((error: unknown) => error)
  return { told, thrown, message: thrown instanceof Error ? thrown.message : undefined }
}

describe('a known counterexample', () => {
  test('that breaks again what it broke is as it should be', async () => {
    expect(await outcomeOf(repeatBroken, knownOf())).toMatchObject({
      told: { schedules: 1, broken: ['stock-conserved'] },
      thrown: undefined,
    })
  })

  test('that does not break it any more is not', async () => {
    const known = knownOf(undefined, { invariant: 'ok-has-its-purchase' })
    const { thrown, message } = await outcomeOf(repeatBroken, known)
    expect(thrown).toBeInstanceOf(NotAsExpected)
    expect(message).toMatch(
      /^x\.json: purchase\/read-modify-write does not break ok-has-its-purchase any more, and properties\/expectations says that it can\./,
    )
  })

  test('that cannot be followed says nothing', async () => {
    const { thrown, message } = await outcomeOf(repeatBroken, knownOf('purchase/select-for-update'))
    expect(thrown).toBeInstanceOf(Inconclusive)
    expect(message).toMatch(
      /^x\.json cannot be followed any more\. The replay differs .* It was recorded on version (\S+) of the server, and this is \1\. If its strategy has changed, remove it and record it again with "pnpm corpus"\.$/,
    )
  })

  test('of other tables or commands says nothing', async () => {
    const { plan } = decodeToken(found.token)
    const initial = { product: [{ id: 1, stock: 'many' }], purchase: [] }
    const known = knownOf(undefined, { plan: { ...plan, initial } })
    const { thrown, message } = await outcomeOf(repeatBroken, known)
    expect(thrown).toBeInstanceOf(Inconclusive)
    expect(message).toMatch(
      /^x\.json cannot be repeated\. The token does not fit workload "purchase"/,
    )
  })

  test('of what was mended is followed as far as it can be, and breaks nothing', async () => {
    const known = knownOf('purchase/select-for-update')
    expect(await outcomeOf(repeatMended, known)).toMatchObject({
      told: { schedules: 1 },
      thrown: undefined,
    })
  })

  test('of what was mended, and breaks again, is shown', async () => {
    const { told, thrown, message } = await outcomeOf(repeatMended, knownOf())
    expect(thrown).toBeInstanceOf(NotAsExpected)
    expect(message).toMatch(
      /^stock-conserved is expected to hold, and a known counterexample breaks it again\.\nVIOLATED {2}purchase\/read-modify-write on PostgreSQL .*\nstep {2}A +B\n.*\nnpx -y pnpm@12 lockstep replay x\.json\n$/s,
    )
    expect(told.finding).toMatchObject({ invariant: 'stock-conserved', file: 'x.json' })
    expect((thrown as Error).stack).toMatch(
      /\n {4}at \S*strategies\/purchase\/read-modify-write\.ts:1:1$/,
    )
  })

  test('is taken for mended only where its strategy claims what it broke, and is to keep it', () => {
    const [, atReadCommitted, atRepeatableRead] = cellsOf('postgres')
    const mended = (cell: typeof atReadCommitted, more = {}): boolean =>
      isMended(knownOf(undefined, more), cell!)
    expect(mended(atReadCommitted)).toBe(false)
    expect(mended(atRepeatableRead)).toBe(true)
    expect(mended(atRepeatableRead, { invariant: 'serial-equivalence' })).toBe(false)
  })

  test('is not mended where it takes faults to break it, and they do', () => {
    const [, cell] = cellsOf('postgres')
    const known = knownOf('purchase/naive-retry', { invariant: 'bought-once' })
    const { plan } = known.recording
    const faults = [{ actor: 0, step: 4, kind: 'answer-lost' } as const]
    expect(isMended(known, cell!)).toBe(true)
    const recording = { ...known.recording, plan: { ...plan, faults } }
    expect(isMended({ ...known, recording }, cell!)).toBe(false)
    expect(isMended({ ...known, recording, strategy: 'purchase/idempotency-key' }, cell!)).toBe(
      true,
    )
  })

  test('of a strategy that is no more is refused', () => {
    expect(() => idOf({ ...found, strategy: 'read-modify-wite' }, 'x.json')).toThrow(
      'x.json is of another strategy. There is no strategy "purchase/read-modify-wite". Did you mean "purchase/read-modify-write"?',
    )
  })
})
