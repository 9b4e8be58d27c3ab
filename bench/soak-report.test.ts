import { describe, expect, test } from 'vitest'
import type { Exploration } from '../harness/index.ts'
import { lostUpdate } from '../harness/report/fixtures/lost-update.ts'
import { renderSoak, soakToJson, soakVerdict, type Soak } from './soak-report.ts'

const explored = {
  workload: 'purchase',
  strategy: 'conditional-update',
  database: { engine: 'postgres', version: '18.4', provider: 'embedded' },
  isolation: 'read-committed',
  explorer: { name: 'random', seed: 7 },
  schedules: 200,
  exhausted: false,
  grains: [
    { grain: 'statement', schedules: 110, exhausted: false },
    { grain: 'phase', schedules: 90, exhausted: false },
  ],
  elapsedMs: 1000,
  schedulesPerSecond: 200,
  replies: { ok: 300, rejected: 100, aborted: { deadlock: 2 }, unknown: 0 },
  invariants: [],
  liveness: {
    runs: 200,
    commands: 402,
    aborted: { deadlock: 2 },
    attemptsUsedUp: 1,
    runsWithoutProgress: 0,
    standstills: 0,
    endless: 0,
    refusedInEndless: 0,
  },
  selfCheck: { runs: 4, differences: 0, chosenByDatabase: 1 },
} as const

const held: Exploration = { verdict: 'holds', ...explored }
const other: Exploration = {
  ...held,
  strategy: 'upsert',
  workload: 'redemption',
  explorer: { name: 'pct', seed: 8 },
  liveness: { ...explored.liveness, aborted: { conflict: 1 } },
}
const unknown: Exploration = {
  ...explored,
  verdict: 'inconclusive',
  reason: 'The server was lost.',
  fault: 'database',
}
const different: Exploration = {
  ...held,
  selfCheck: { runs: 4, differences: 1, chosenByDatabase: 0, first: 'Step 3 was another one.' },
}
const violated: Exploration = { ...explored, verdict: 'violated', counterexample: lostUpdate }

const soakOf = (...explorations: readonly Exploration[]): Soak => ({
  asked: 1000,
  seed: 7,
  elapsedMs: 4000,
  explorations: explorations.map((exploration) => ({ platform: 'postgres', exploration })),
  notRun: [],
})

describe('a soak', () => {
  test.for<readonly [string, Soak]>([
    ['holds', soakOf(held, other)],
    ['violated', soakOf(held, violated, unknown)],
    ['violated', soakOf(held, different)],
    ['inconclusive', soakOf(held, unknown)],
    ['inconclusive', soakOf()],
    ['inconclusive', { ...soakOf(held), notRun: [{ platform: 'mysql', reason: 'None.' }] }],
  ])('is %s', ([verdict, soak]) => {
    expect(soakVerdict(soak)).toBe(verdict)
  })

  test('adds up what it ran', () => {
    expect(soakToJson(soakOf(held, other, unknown))).toMatchObject({
      verdict: 'inconclusive',
      total: {
        explorations: 3,
        schedules: 600,
        insideStatements: 270,
        violated: 0,
        inconclusive: 1,
        selfChecks: 12,
        differences: 0,
        chosenByDatabase: 3,
      },
      databases: { 'postgres 18.4': { schedules: 600 } },
      explorers: { random: { schedules: 400, inconclusive: 1 }, pct: { schedules: 200 } },
      strategies: { 'redemption/upsert': { explorations: 1 } },
      liveness: { commands: 1206, aborted: { deadlock: 4, conflict: 1 }, attemptsUsedUp: 3 },
      findings: [{ platform: 'postgres', exploration: { reason: 'The server was lost.' } }],
    })
  })

  test('shows its figures, and all that is not as it should be', () => {
    const soak = soakOf(held, other, unknown, different, violated)
    const text = renderSoak({ ...soak, notRun: [{ platform: 'mysql', reason: 'None is there.' }] })
    const paragraphs = text.split('\n\n')
    expect(paragraphs[1]).toBe(
      [
        'explorer  schedules  violated  inconclusive  repeated  different',
        'random          800         1             1        16          1',
        'pct             200         0             0         4          0',
      ].join('\n'),
    )
    expect(paragraphs.slice(3, 6)).toEqual([
      'INCONCLUSIVE  purchase/conditional-update on postgres 18.4, read-committed, random, seed 7: The\nserver was lost.',
      'HOLDS  purchase/conditional-update on postgres 18.4, read-committed, random, seed 7: Step 3 was\nanother one.',
      expect.stringMatching(
        /^VIOLATED {2}purchase\/conditional-update on postgres 18\.4, read-committed, random, seed 7: Product 1\n[^]*\nlockstep replay ls1\.AAAA$/,
      ),
    ])
    expect(paragraphs.at(-1)?.replaceAll('\n', ' ')).toBe(
      'VIOLATED  1,000 of 1,000 schedules in 4 s, 250/s, 450 of them inside writing statements as well, seed 7, 1 violated, 1 inconclusive, 20 runs repeated, 1 different, 4 where the database chose among several that waited mysql was not run. None is there.',
    )
    expect(text.split('\n').filter((line) => line.length > 100)).toEqual([])
  })
})
