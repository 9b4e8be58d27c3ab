import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import {
  byName,
  engines,
  executeRun,
  ok,
  prepareLane,
  type AnyCommand,
  type Lane,
  type Reply,
  type Rows,
  type Strategy,
} from '../harness/index.ts'
import { strategies } from './index.ts'

const postgres = byName('engine', engines, 'postgres')

let lane: Lane
beforeAll(async () => {
  const server = { ...(inject('servers').postgres as { url: string; provider: string }) }
  const started = { ...server, engine: 'postgres', stop: async () => {} } as const
  lane = await postgres.openLane(started, { isolation: postgres.defaultIsolation })
})
afterAll(() => lane.close())

/**
 * Alone, every strategy does what the model says: what it gets wrong is concurrency, and not the
 * domain. Two exceptions are stated here.
 */
describe.each(strategies)('$workload.name/$name', (strategy) => {
  test('does what the model says when nothing else happens', async () => {
    await prepareLane(lane, strategy)
    await fc.assert(
      fc.asyncProperty(states(strategy), commandLists(strategy), async (initial, commands) => {
        const plan = { initial, actors: [commands], schedule: [], attempts: 3 }
        const { observation } = await executeRun({ lane, strategy, plan })
        const expected = modelRun(strategy, initial, commands)
        expect(observation.commands.map(({ reply }) => reply)).toEqual(expected.replies)
        expect(sorted(observation.final)).toEqual(sorted(expected.state))
      }),
      { numRuns: 30 },
    )
  })
})

function modelRun(strategy: Strategy, initial: Rows, commands: readonly AnyCommand[]) {
  let state = initial
  const replies: Reply[] = []
  for (const command of commands) {
    const next = strategy.workload.model(state, command)
    state = next.state as Rows
    replies.push(swallows(strategy, command) ? ok() : next.reply)
  }
  return { state, replies }
}

/** The one mistake that shows without anybody else: it answers ok whatever happened. */
const swallows = ({ name }: Strategy, { kind }: AnyCommand): boolean =>
  name === 'swallowed-error' && kind === 'purchase'

/** Who does not claim the cap does not look at it, so it is given none. */
const states = ({ workload, claims }: Strategy): fc.Arbitrary<Rows> =>
  (workload.arbitrary.state as fc.Arbitrary<Rows>).map((state) =>
    state['coupon'] && !claims.includes('redemptions-within-cap')
      ? { ...state, coupon: state['coupon'].map((row) => ({ ...row, cap: null })) }
      : state,
  )

const commandLists = ({ workload }: Strategy): fc.Arbitrary<readonly AnyCommand[]> =>
  fc.array(workload.arbitrary.command as fc.Arbitrary<AnyCommand>, { minLength: 1, maxLength: 6 })

/** Tables have no order. */
const sorted = (rows: Rows): Record<string, string[]> =>
  Object.fromEntries(
    Object.entries(rows).map(([table, list]) => [
      table,
      list.map((row) => JSON.stringify(row)).toSorted(),
    ]),
  )
