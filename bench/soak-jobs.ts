import {
  engines,
  explorers,
  platformSettings,
  type Engine,
  type Platform,
  type SamplingExplorer,
  type Strategy,
} from '../harness/index.ts'
import { expectations } from '../properties/expectations.ts'
import { catalogue, strategyIds } from '../strategies/index.ts'

/** One exploration of many: a strategy, an explorer, and a seed that nothing else has. */
export interface SoakJob {
  readonly strategy: Strategy
  readonly explorer: SamplingExplorer
  readonly seed: number
}

/** The explorers that draw: those that enumerate would run the same schedules again. */
export const samplers: readonly SamplingExplorer[] = explorers.filter(
  (explorer) => explorer.kind === 'sampling',
)

/**
 * Fewest schedules of an exploration: making its tables takes as long as a few dozen, and of each
 * grain only one in 50 is repeated.
 */
const fewestPerJob = 200

export function engineOf(platform: Platform): Engine {
  const engine = engines.find(({ name }) => name === platformSettings[platform].engine)
  if (!engine) throw new Error(`There is no engine for ${platform}.`)
  return engine
}

/** The strategies that claim something and keep all of it on a platform, at its own level. */
export function safeStrategies(platform: Platform): readonly Strategy[] {
  const { name, defaultIsolation } = engineOf(platform)
  return strategyIds
    .filter((id) => {
      const { breaks = [], breaksRarely = [] } = expectations[id][platform][defaultIsolation]
      return breaks.length === 0 && breaksRarely.length === 0
    })
    .map((id): Strategy => catalogue[id])
    .filter(({ claims, engines: written }) => claims.length > 0 && written.includes(name))
}

/** Explorations without end, in which every strategy meets every explorer before one comes again. */
export function* soakJobs(platform: Platform, seed: number): Generator<SoakJob, never> {
  const strategies = safeStrategies(platform)
  for (let round = 0; ; round++) {
    for (const [index, strategy] of strategies.entries()) {
      const explorer = samplers[(round + index) % samplers.length]
      if (!explorer) throw new Error('There is no explorer that draws.')
      yield { strategy, explorer, seed: (seed + round * strategies.length + index) % 2 ** 31 }
    }
  }
}

/** Schedules of one exploration, so that all pairs come up if there is room for them. */
export function schedulesPerJob(platform: Platform, schedules: number): number {
  const pairs = safeStrategies(platform).length * samplers.length
  return Math.min(schedules, Math.max(fewestPerJob, Math.ceil(schedules / pairs)))
}
