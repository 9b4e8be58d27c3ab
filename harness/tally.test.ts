import { describe, expect, test } from 'vitest'
import { aborted, ok, rejected, unknown, type Reply } from './reply.ts'
import type { RunRecord } from './run.ts'
import { defineStrategy } from './strategy.ts'
import { Tally } from './tally.ts'
import { purchase } from './workloads/purchase.ts'

/** A run in which the commands were answered like this. */
const answered = (...replies: readonly Reply[]): RunRecord => {
  const commands = replies.map((reply) => {
    return { actor: 0, command: { kind: 'purchase' }, reply, beganAt: 1, endedAt: 1 }
  })
  return {
    observation: { initial: {}, commands, committed: [], final: {} },
    history: [],
    choices: [],
    steps: 1,
  }
}

const strategy = defineStrategy({
  name: 'any',
  workload: purchase,
  summary: 'Only what it claims matters here.',
  claims: ['stock-never-negative', 'ok-has-its-purchase'],
  execute: async () => ok(),
})

const broken = (invariant: string) => ({ invariant, message: 'Something is wrong.' })

const failing = (record: RunRecord): RunRecord => ({
  ...record,
  history: [
    {
      kind: 'failed',
      actor: 0,
      step: 1,
      error: { errorClass: 'other', code: '42601', message: 'syntax error' },
      transaction: 'none',
    },
  ],
})

describe('a tally', () => {
  test('of nothing is all zeros', () => {
    const tally = new Tally(strategy)
    expect(tally.schedules).toBe(0)
    expect(tally.replies).toEqual({ ok: 0, rejected: 0, aborted: {}, unknown: 0 })
  })

  test('counts schedules, and replies by what they say', () => {
    const tally = new Tally(strategy)
    tally.add(answered(ok(), ok(), rejected('used up'), rejected('not enough stock')), [])
    tally.add(answered(aborted('deadlock'), unknown(), ok()), [])
    tally.add(answered(aborted('deadlock'), aborted('conflict')), [])
    tally.add(answered(), [])
    expect(tally.schedules).toBe(4)
    expect(tally.replies).toEqual({
      ok: 3,
      rejected: 2,
      aborted: { deadlock: 2, conflict: 1 },
      unknown: 1,
    })
  })

  test('counts for each invariant the schedules that broke it', () => {
    const tally = new Tally(strategy)
    tally.add(answered(ok()), [broken('stock-conserved'), broken('stock-never-negative')])
    tally.add(answered(ok()), [])
    tally.add(answered(ok()), [broken('stock-conserved'), broken('serial-equivalence')])
    tally.add(answered(ok()), [], true)
    expect(tally.invariants(new Set(['stock-never-negative', 'stock-conserved']))).toEqual([
      { name: 'stock-never-negative', claimed: true, judged: true, violations: 1 },
      { name: 'stock-conserved', claimed: false, judged: true, violations: 2 },
      { name: 'bought-once', claimed: false, judged: false, violations: 0 },
      { name: 'ok-has-its-purchase', claimed: true, judged: false, violations: 0 },
      {
        name: 'serial-equivalence',
        claimed: false,
        judged: false,
        violations: 1,
        undecided: 1,
      },
    ])
  })

  test('gives out counts that do not change afterwards', () => {
    const tally = new Tally(strategy)
    tally.add(answered(ok(), aborted('deadlock')), [])
    const { replies } = tally
    tally.add(answered(ok(), aborted('deadlock')), [])
    expect(replies).toEqual({ ok: 1, rejected: 0, aborted: { deadlock: 1 }, unknown: 0 })
  })

  test('knows the commonest refusal when nothing was ever done', () => {
    const tally = new Tally(strategy)
    tally.add(answered(rejected('used up'), aborted('other')), [])
    tally.add(failing(answered(aborted('other'), aborted('other'))), [])
    expect(tally.onlyRefusal).toBe('aborted: other: syntax error (42601)')
    tally.add(answered(ok()), [])
    expect(tally.onlyRefusal).toBe(undefined)
  })

  test('does not take what the workload does itself for something the strategy did', () => {
    const tally = new Tally(strategy)
    const { observation, ...record } = answered(rejected('never'), ok())
    const [refused, done] = observation.commands
    const restocked = { ...done!, command: { kind: 'restock' } }
    tally.add({ ...record, observation: { ...observation, commands: [refused!, restocked] } }, [])
    expect(tally.onlyRefusal).toBe('rejected: never')
  })
})
