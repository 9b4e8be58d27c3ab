import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import {
  anomalyOf,
  byName,
  engines,
  executeRun,
  exhaustive,
  judge,
  prepareLane,
  serialEquivalence,
  type Anomaly,
  type IsolationLevel,
  type Lane,
  type Plan,
  type Strategy,
} from '../harness/index.ts'
import { catalogue, type StrategyId } from './index.ts'

const postgres = byName('engine', engines, 'postgres')

const lanes = new Map<IsolationLevel, Lane>()
beforeAll(async () => {
  const server = { ...(inject('servers').postgres as { url: string; provider: string }) }
  const started = { ...server, engine: 'postgres', stop: async () => {} } as const
  for (const isolation of ['read-committed', 'repeatable-read', 'serializable'] as const) {
    lanes.set(isolation, await postgres.openLane(started, { isolation }))
  }
})
afterAll(async () => {
  for (const lane of lanes.values()) await lane.close()
})

function laneAt(isolation: IsolationLevel): Lane {
  const lane = lanes.get(isolation)
  if (!lane) throw new Error(`there is no lane at ${isolation}`)
  return lane
}

/** The anomalies of the first few runs of a scenario that break what the strategy claims. */
async function anomaliesOf(
  strategy: Strategy,
  isolation: IsolationLevel,
  scenario: string,
): Promise<Anomaly[]> {
  const lane = laneAt(isolation)
  await prepareLane(lane, strategy)
  const { workload, claims } = strategy
  const start = byName('scenario', workload.scenarios, scenario).start(2) as Plan
  const plan: Plan = { ...start, schedule: [], attempts: 3 }
  const anomalies: Anomaly[] = []
  const search = exhaustive.search({ preemptions: 2 })
  for (let choose = search.next(); choose && anomalies.length < 3; choose = search.next()) {
    const record = await executeRun({ lane, strategy, plan, choose })
    const violation = judge(strategy, record).find(({ invariant }) => claims.includes(invariant))
    if (!violation) continue
    const serial = serialEquivalence(workload, record.observation)
    const { message } = violation
    anomalies.push(anomalyOf(record, { engine: 'postgres', isolation, serial, violation: message }))
  }
  return anomalies
}

const shown = (anomaly: Anomaly): string =>
  'level' in anomaly ? `${anomaly.name}, ${anomaly.level}` : anomaly.name

/**
 * What becomes of the catalogue's unsafe strategies on PostgreSQL, by what they do:
 *
 * - Who looks for a redemption and then inserts one makes a phantom. A lock that is on nothing, that is
 *   released early, that others can share, or that is taken after the snapshot changes nothing in that.
 * - Who reads the stock and writes back what it computed loses an update; who subtracts in the UPDATE
 *   loses none, and acts on a row that is not as it was when it was checked.
 * - Without a transaction, or across two of them, it is the command that the anomaly is in.
 * - Who answers ok to a purchase that was refused has no anomaly.
 */
const unsafe: readonly (readonly [
  StrategyId,
  IsolationLevel,
  scenario: string,
  expected: string,
])[] = [
  ['redemption/check-then-insert', 'read-committed', 'same-user', 'phantom-insert, transaction'],
  [
    'redemption/check-then-insert',
    'repeatable-read',
    'last-redemption',
    'phantom-insert, transaction',
  ],
  ['redemption/autocommit', 'serializable', 'same-user', 'phantom-insert, command'],
  [
    'redemption/insert-where-not-exists',
    'read-committed',
    'same-user',
    'phantom-insert, transaction',
  ],
  [
    'redemption/for-share-then-insert',
    'read-committed',
    'same-user',
    'phantom-insert, transaction',
  ],
  ['redemption/lock-missing-row', 'repeatable-read', 'same-user', 'phantom-insert, transaction'],
  [
    'redemption/lock-on-other-connection',
    'read-committed',
    'same-user',
    'phantom-insert, transaction',
  ],
  ['redemption/select-for-update', 'repeatable-read', 'same-user', 'phantom-insert, transaction'],
  [
    'redemption/select-for-update-after-read',
    'repeatable-read',
    'same-user',
    'phantom-insert, transaction',
  ],
  ['redemption/advisory-lock', 'repeatable-read', 'same-user', 'phantom-insert, transaction'],
  [
    'redemption/advisory-lock-released-early',
    'read-committed',
    'same-user',
    'phantom-insert, transaction',
  ],
  ['redemption/app-mutex', 'read-committed', 'same-user', 'phantom-insert, transaction'],
  ['purchase/read-modify-write', 'read-committed', 'last-item', 'lost-update, transaction'],
  [
    'purchase/check-then-decrement',
    'read-committed',
    'last-item',
    'non-repeatable-read, transaction',
  ],
  ['purchase/missing-transaction', 'serializable', 'last-item', 'lost-update, command'],
  ['purchase/stale-retry', 'serializable', 'last-item', 'lost-update, command'],
  ['purchase/swallowed-error', 'read-committed', 'last-item', 'none'],
  [
    'purchase/reservation-check-then-confirm',
    'read-committed',
    'restocked',
    'non-repeatable-read, transaction',
  ],
  ['checkout/check-both', 'read-committed', 'same-user', 'phantom-insert, transaction'],
  ['checkout/check-both', 'read-committed', 'last-item', 'non-repeatable-read, transaction'],
]

describe('anomalies on PostgreSQL', () => {
  test.each(unsafe)('%s at %s, %s: %s', async (name, isolation, scenario, expected) => {
    const anomalies = await anomaliesOf(catalogue[name], isolation, scenario)
    expect([...new Set(anomalies.map(shown))].join()).toBe(expected)
  })

  /** What a read returned tells whether it was understood what it saw. */
  test.each([
    ['redemption/select-for-update', 'read-committed'],
    ['redemption/select-for-update', 'repeatable-read'],
    ['redemption/check-then-insert', 'repeatable-read'],
    ['redemption/autocommit', 'serializable'],
  ] as const)('of %s never surprise at %s', async (name, isolation) => {
    const strategy = catalogue[name]
    const { initial, actors } = strategy.workload.scenarios[0].start(2) as Plan
    const lane = laneAt(isolation)
    await prepareLane(lane, strategy)
    const search = exhaustive.search({ switches: 2 })
    for (let choose = search.next(); choose; choose = search.next()) {
      const plan = { initial, actors, schedule: [], attempts: 3 }
      const record = await executeRun({ lane, strategy, plan, choose })
      const anomaly = anomalyOf(record, { engine: 'postgres', isolation })
      expect(anomaly.name === 'unknown' ? anomaly.why : '').toBe('')
    }
  })
})
