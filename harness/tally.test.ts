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

const broken = (invariant: string) => ({ invariant, message: 'Something is wrong.' })

describe('a tally', () => {
  test('of nothing is all zeros', () => {
    const tally = new Tally()
    expect(tally.schedules).toBe(0)
    expect(tally.replies).toEqual({ ok: 0, rejected: 0, aborted: {}, unknown: 0 })
  })

  test('counts schedules, and replies by what they say', () => {
    const tally = new Tally()
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
    const strategy = defineStrategy({
      name: 'any',
      workload: purchase,
      summary: 'Only what it claims matters here.',
      claims: ['stock-never-negative', 'ok-has-its-purchase'],
      execute: async () => ok(),
    })
    const tally = new Tally()
    tally.add(answered(ok()), [broken('stock-conserved'), broken('stock-never-negative')])
    tally.add(answered(ok()), [])
    tally.add(answered(ok()), [broken('stock-conserved')])
    expect(
      tally.invariants(strategy, new Set(['stock-never-negative', 'stock-conserved'])),
    ).toEqual([
      { name: 'stock-never-negative', claimed: true, judged: true, violations: 1 },
      { name: 'stock-conserved', claimed: false, judged: true, violations: 2 },
      { name: 'ok-has-its-purchase', claimed: true, judged: false, violations: 0 },
    ])
  })

  test('gives out counts that do not change afterwards', () => {
    const tally = new Tally()
    tally.add(answered(ok(), aborted('deadlock')), [])
    const { replies } = tally
    tally.add(answered(ok(), aborted('deadlock')), [])
    expect(replies).toEqual({ ok: 1, rejected: 0, aborted: { deadlock: 1 }, unknown: 0 })
  })
})
