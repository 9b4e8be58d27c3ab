import { describe, expect, test } from 'vitest'
import { platforms, type Strategy } from '../harness/index.ts'
import { expectations } from '../properties/expectations.ts'
import type { StrategyId } from '../strategies/index.ts'
import { engineOf, safeStrategies, samplers, schedulesPerJob, soakJobs } from './soak-jobs.ts'

const idOf = ({ workload, name }: Strategy): string => `${workload.name}/${name}`

const idsOn = (platform: (typeof platforms)[number]): string[] =>
  safeStrategies(platform).map(({ strategy }) => idOf(strategy))

describe.for(platforms)('on %s', (platform) => {
  test('only strategies that keep what they claim are safe', () => {
    const ids = idsOn(platform)
    expect(ids).toContain('purchase/conditional-update')
    expect(ids).not.toContain('purchase/missing-transaction')
    expect(ids).not.toContain('redemption/check-then-insert')
    for (const id of ids) {
      const expected = expectations[id as StrategyId][platform][engineOf(platform).defaultIsolation]
      expect(expected.breaks ?? []).toEqual([])
      expect(expected.breaksRarely ?? []).toEqual([])
    }
  })

  test('one that breaks where statements stop inside is not stopped there', () => {
    for (const { strategy, grains } of safeStrategies(platform)) {
      const id = idOf(strategy) as StrategyId
      const { inside } = expectations[id][platform][engineOf(platform).defaultIsolation]
      expect(grains).toEqual(inside?.breaks ? ['statement'] : ['statement', 'phase'])
    }
  })

  test('every strategy meets every explorer once, each time with a seed of its own', () => {
    const strategies = safeStrategies(platform)
    const number = strategies.length * samplers.length
    const jobs = soakJobs(platform, 5).take(number).toArray()
    const pairs = jobs.map(({ strategy, explorer }) => `${idOf(strategy)} ${explorer.name}`)
    expect(new Set(idsOn(platform)).size).toBe(strategies.length)
    expect(new Set(pairs).size).toBe(number)
    expect(new Set(jobs.map(({ seed }) => seed)).size).toBe(number)
    for (const { name } of samplers) {
      expect(pairs.filter((pair) => pair.endsWith(` ${name}`))).toHaveLength(strategies.length)
    }
    expect(new Set(jobs.slice(0, samplers.length).map(({ explorer }) => explorer)).size).toBe(
      samplers.length,
    )
    expect(jobs[0]?.seed).toBe(5)
  })

  test('there is room for all pairs where many schedules are asked for', () => {
    const pairs = safeStrategies(platform).length * samplers.length
    expect(schedulesPerJob(platform, 1_000_000) * pairs).toBeGreaterThanOrEqual(1_000_000)
    expect(schedulesPerJob(platform, 1_000)).toBe(200)
    expect(schedulesPerJob(platform, 30)).toBe(30)
  })
})
