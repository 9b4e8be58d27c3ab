import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { engines } from '../harness/index.ts'
import { testServer } from '../harness/testing/lane.ts'
import { soakVerdict } from './soak-report.ts'
import { soak } from './soak-run.ts'

beforeEach(() => {
  vi.stubEnv('LOCKSTEP_POSTGRES_URL', testServer().url) // instead of one of its own
  vi.stubEnv('LOCKSTEP_MYSQL_URL', 'mysql://root@127.0.0.1:1/') // which nobody runs
})
afterEach(() => vi.unstubAllEnvs())

test('runs as many schedules as were asked for, whoever is missing', async () => {
  const shown: number[] = []
  const result = await soak({
    engines: engines.filter(({ name }) => name !== 'mariadb'),
    schedules: 30,
    seed: 5,
    deadline: performance.now() + 60_000,
    selfCheckEvery: 5,
    lanes: 2,
    onExploration: (_, schedules) => shown.push(schedules),
  })
  expect(result.notRun).toMatchObject([{ platform: 'mysql' }])
  expect(soakVerdict(result)).toBe('inconclusive')
  const all = result.explorations.map(({ exploration }) => exploration)
  expect(all.map(({ verdict, schedules }) => [verdict, schedules])).toEqual([
    ['holds', 15],
    ['holds', 15],
  ])
  expect(shown).toEqual([15, 30])
  expect(all.map(({ selfCheck }) => selfCheck.runs > 0)).toEqual([true, true])
  expect(new Set(all.map(({ strategy }) => strategy)).size).toBe(2)
})

test('begins nothing when the time is over, which is no pass', async () => {
  const result = await soak({
    engines: engines.filter(({ name }) => name === 'postgres'),
    schedules: 1_000_000,
    seed: 5,
    deadline: performance.now(),
    selfCheckEvery: 50,
    lanes: 1,
    onExploration: () => {},
  })
  expect(result.explorations).toEqual([])
  expect(soakVerdict(result)).toBe('inconclusive')
})
