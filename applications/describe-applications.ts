import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  byName,
  engines,
  explore,
  random,
  simulate,
  type EngineName,
  type Lane,
  type Strategy,
} from '../harness/index.ts'
import { openLaneAt, whyMissing } from '../harness/testing/lane.ts'
import { isRightAlone } from './alone.ts'
import { compareWithTwin } from './compare-with-twin.ts'
import { expectations, type ApplicationId, type Expectation } from './expectations.ts'
import { loadApplication } from './load.ts'
import { describeViolation } from './prisma/describe-violation.ts'
import { findPython } from './psycopg/python.ts'

/** Where random schedules begin: the same for all properties of a run. */
const seed = Number(process.env['LOCKSTEP_SEED'] ?? 1)
/** So many find what there is to be found, many times over. */
const toBreak = 500
const toHold = 50
/** Each of these is run twice: what an application keeps from one run to the next shows then. */
const toRepeat = 10
const shrinkBudgetMs = 5_000
/** Of a simulation. They ask for more than there is. */
const clients = 40

/**
 * Declares that every application that speaks to this database does what is expected of it. At read
 * committed: there the engines differ least in what they let through.
 */
export async function describeApplications(name: EngineName): Promise<void> {
  const engine = byName('database', engines, name)
  const missing = whyMissing(engine)
  const applications = await applicationsOn(name)
  describe.skipIf(missing !== undefined)(`applications on ${engine.title}`, () => {
    let lane: Lane
    beforeAll(async () => {
      lane = await openLaneAt({ isolation: 'read-committed' }, engine)
    })
    afterAll(() => lane?.close())

    /** What applications met while they were compared with their twins. */
    const met = { applications: 0, waits: 0, refusals: 0 }
    describeViolation(name, seed)
    for (const [id, application] of applications) {
      const expectation: Expectation = expectations[id]
      const { breaks, needsOthers = true, simulated, counting } = expectation
      const what = breaks === undefined ? 'holds' : `breaks ${breaks}`
      test(`${id} ${what}`, async ({ skip }) => {
        const reason = whyNotRun(id)
        if (reason !== undefined) skip(reason)
        if (breaks === undefined) await expectHeld(lane, application)
        else await expectBroken(lane, application, breaks)
      })
      test(`${id} is ${needsOthers ? 'right when' : 'wrong even when'} it is alone`, async ({
        skip,
      }) => {
        const reason = whyNotRun(id)
        if (reason !== undefined) skip(reason)
        const isRight = await isRightAlone(lane, application, seed)
        expect(isRight.every(Boolean)).toBe(needsOthers)
      })
      test(`${id} does what its statements do without a proxy`, async ({ skip }) => {
        const reason = whyNotRun(id)
        if (reason !== undefined) skip(reason)
        const { differences, waits, refusals } = await compareWithTwin(
          lane,
          application,
          counting?.[name] ?? 'rows found',
        )
        met.applications += 1
        met.waits += waits
        met.refusals += refusals
        expect(differences).toEqual([])
      })
      if (!simulated) continue
      test(`${id} ${what} when many come at once`, async () => {
        const simulation = await simulate({ lane, strategy: application, clients, seed })
        const broken = simulation.invariants.filter(({ outcome }) => outcome === 'broken')
        expect(broken.map((each) => each.name)).toEqual(breaks === undefined ? [] : [breaks])
        expect(simulation.verdict).toBe(breaks === undefined ? 'holds' : 'violated')
      })
    }
    test('while they were compared, statements waited and were refused', ({ skip }) => {
      const all = applications.filter(([id]) => whyNotRun(id) === undefined).length
      if (met.applications < all) skip(`${met.applications} of ${all} were compared.`)
      expect(met.waits).toBeGreaterThan(all)
      expect(met.refusals).toBeGreaterThan(5)
    })
  })
}

async function applicationsOn(name: EngineName): Promise<(readonly [ApplicationId, Strategy])[]> {
  const ids = Object.keys(expectations) as ApplicationId[]
  const all = await Promise.all(ids.map(async (id) => [id, await loadApplication(id)] as const))
  return all.filter(([, { engines: speaks }]) => speaks.includes(name))
}

async function expectHeld(lane: Lane, strategy: Strategy): Promise<void> {
  const options = { lane, strategy, explorer: random, grains: ['statement'], seed } as const
  const many = await explore({ ...options, actors: 3, schedules: toHold, selfCheckEvery: 0 })
  expect(outcomeOf(many)).toEqual({ verdict: 'holds' })
  expect(many.replies.ok).toBeGreaterThan(0)
  // Of two, the database never has to choose who goes on: every run has to be the same the second time.
  const few = await explore({ ...options, actors: 2, schedules: toRepeat, selfCheckEvery: 1 })
  expect(outcomeOf(few)).toEqual({ verdict: 'holds' })
}

async function expectBroken(lane: Lane, strategy: Strategy, invariant: string): Promise<void> {
  const found = await explore({
    lane,
    strategy,
    explorer: random,
    seed,
    grains: ['statement'],
    schedules: toBreak,
    shrinkBudgetMs,
    invariants: [invariant],
  })
  expect(outcomeOf(found)).toMatchObject({ verdict: 'violated', invariant })
  if (found.verdict === 'violated') {
    expect(found.counterexample.replays).toEqual({ reproduced: 10, of: 10 })
  }
}

/** What is compared, and shown when it is not as expected. */
function outcomeOf(found: Awaited<ReturnType<typeof explore>>) {
  const { verdict } = found
  if (found.verdict === 'inconclusive') return { verdict, reason: found.reason }
  if (found.verdict === 'holds') return { verdict }
  const { invariant, message, token } = found.counterexample
  return { verdict, invariant, message, token }
}

/** Why an application cannot be run here, although its database is there. */
export function whyNotRun(id: ApplicationId): string | undefined {
  if (!id.startsWith('psycopg/') || findPython() !== undefined) return undefined
  return 'There is no python3 that has psycopg: install it, as Debian has it in python3-psycopg.'
}
