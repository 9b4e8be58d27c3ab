import { expect, test } from 'vitest'
import type { Simulated, Simulation } from '../concurrency/simulate.ts'
import { purchase } from '../workloads/purchase.ts'
import { redemption } from '../workloads/redemption.ts'
import { renderSimulation, renderSimulations, simulationsVerdict } from './simulation.ts'

const simulated: Simulated = {
  workload: 'purchase',
  strategy: 'select-for-update',
  database: { engine: 'postgres', version: '18.4', provider: 'embedded' },
  isolation: 'read-committed',
  clients: 500,
  connections: 500,
  seed: 1,
  quantity: { min: 1, max: 30 },
  elapsedMs: 1234.56,
  repliesPerSecond: 405.1,
  commandsPerSecond: 263.2,
  latencyMs: { p50: 12.345, p95: 1000.4, p99: 1234.5, max: 1234.5, mean: 600 },
  supply: { before: 5000, after: 0 },
  handedOut: { rows: 325, quantity: 5000 },
  outcomes: [
    { reply: 'ok', clients: 325, quantity: 5000 },
    { reply: 'rejected: not enough stock', clients: 174, quantity: 2834 },
    { reply: 'aborted: deadlock', clients: 1, quantity: 6 },
  ],
  accounted: { clients: 500, quantity: 7840 },
  swallowed: { successes: 500, quantity: 7840 },
  retries: 1,
  aborts: 2,
  invariants: [
    { name: 'stock-conserved', claimed: true, outcome: 'held' },
    { name: 'serial-equivalence', claimed: false, outcome: 'not judged', message: 'Too many.' },
  ],
}

test('a simulation as people read it', () => {
  expect(renderSimulation(purchase, { verdict: 'holds', ...simulated })).toBe(
    `HOLDS  purchase/select-for-update on PostgreSQL 18.4 (embedded), read-committed

500 clients on 500 connections, all released at once, each for 1 to 30 items
(seed 1):

  time        1,235 ms from the release to the last reply
  in stock    5,000 before, 0 after
  bought      5,000 items, as 325 rows say
  throughput  405 replies/s, 263 of them ok
  latency     p50 12.3, p95 1,000, p99 1,230, max 1,230 ms, from the release on
  effort      1 retry, 2 aborts by the database

  clients  items
      325  5,000  ok
      174  2,834  rejected: not enough stock
        1      6  aborted: deadlock
      500  7,840  in all: everybody is accounted for

Counted by promises that resolve, with failures caught and logged, it would have
been 500 successes with 7,840 items bought, and no failure.

  stock-conserved: held
  serial-equivalence: not judged. Too many.

Nobody chose this schedule: the same command may come out otherwise the next
time. \`lockstep explore\` looks for what can happen.`,
  )
})

test('one that is violated or inconclusive says so first', () => {
  const message = 'Product 1 is wrong.'
  const violated = renderSimulation(purchase, {
    ...simulated,
    verdict: 'violated',
    violations: [{ invariant: 'stock-conserved', message }],
    invariants: [
      { name: 'stock-conserved', claimed: true, outcome: 'broken', message },
      { name: 'stock-never-negative', claimed: false, outcome: 'broken', message: 'It is.' },
    ],
  })
  expect(violated).toMatch(
    /^VIOLATED {2}.*\nread-committed\n {2}stock-conserved: Product 1 is wrong\.\n\n/,
  )
  expect(violated).toContain('\n  stock-conserved: broken\n')
  expect(violated).toContain(
    '\n  stock-never-negative: broken, not claimed by the strategy. It is.\n',
  )
  const inconclusive = renderSimulation(purchase, {
    ...simulated,
    verdict: 'inconclusive',
    reason: 'Interrupted.',
    fault: 'interrupted',
    latencyMs: undefined,
  })
  expect(inconclusive).toMatch(/^INCONCLUSIVE {2}.*\nread-committed\n {2}Interrupted\.\n\n/)
  expect(inconclusive).not.toContain('latency')
})

test('where everybody asks for one, quantities are left out', () => {
  const { quantity: _, ...ones } = simulated
  const text = renderSimulation(redemption, { verdict: 'holds', ...ones })
  expect(text).toContain('each for one redemption\n(seed 1):')
  expect(text).toContain('been 500 successes, and no failure.')
  expect(text).toContain('\n  to redeem   5,000 before, 0 after\n')
})

test('is 80 columns wide at most, whatever a strategy and a database are called', () => {
  const long = 'a reason that goes on and on and is not short at all, '.repeat(5)
  const text = renderSimulation(purchase, {
    ...simulated,
    verdict: 'violated',
    strategy: 'x'.repeat(120),
    violations: [{ invariant: 'stock-conserved', message: long }],
    outcomes: [
      ...simulated.outcomes,
      { reply: `rejected: \u001B[31m${long}`, clients: 1, quantity: 1 },
    ],
    supply: { before: 1_000_000_000, after: -1_000_000_000 },
    handedOut: { rows: 100_000, quantity: 1_000_000_000 },
    elapsedMs: 600_000,
  })
  expect(text.split('\n').filter((line) => line.length > 80)).toEqual([])
  expect(text).not.toContain('\u001B')
})

test('several have a summary, and the worst of their verdicts', () => {
  const holds: Simulation = { verdict: 'holds', ...simulated }
  const all = {
    workload: 'purchase',
    strategy: 'select-for-update',
    simulations: [holds, { ...holds, isolation: 'serializable' } as Simulation],
    notRun: [{ engine: 'mysql', reason: 'It is not here.', required: false } as const],
  }
  expect(renderSimulations(all)).toBe(
    `HOLDS  purchase/select-for-update: 2 simulations; 1 engine not run
  PostgreSQL 18.4  read-committed  HOLDS  1,235 ms
  PostgreSQL 18.4  serializable    HOLDS  1,235 ms
  MySQL was not run. It is not here.`,
  )
  const violated: Simulation = { ...simulated, verdict: 'violated', violations: [] }
  expect(simulationsVerdict({ ...all, simulations: [holds, violated] })).toBe('violated')
  expect(simulationsVerdict({ ...all, simulations: [] })).toBe('inconclusive')
})
