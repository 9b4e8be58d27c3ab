import {
  engines,
  explorers,
  platformSettings,
  type Engine,
  type Grain,
  type Platform,
  type SamplingExplorer,
  type Strategy,
} from '../harness/index.ts'
import { expectations } from '../properties/expectations.ts'
import { catalogue, strategyIds } from '../strategies/index.ts'

/** A strategy, and the grains at which it keeps all that it claims. */
export interface SafeStrategy {
  readonly strategy: Strategy
  readonly grains: readonly Grain[]
}

/** One exploration of many: a strategy, an explorer, and a seed that nothing else has. */
export interface SoakJob extends SafeStrategy {
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
export function safeStrategies(platform: Platform): readonly SafeStrategy[] {
  const { name, defaultIsolation } = engineOf(platform)
  return strategyIds.flatMap((id): SafeStrategy[] => {
    const strategy: Strategy = catalogue[id]
    const { breaks = [], breaksRarely = [], inside } = expectations[id][platform][defaultIsolation]
    const isMeant = strategy.claims.length > 0 && strategy.engines.includes(name)
    if (!isMeant || breaks.length > 0 || breaksRarely.length > 0) return []
    const isSafeInside = (inside?.breaks ?? []).length === 0
    return [{ strategy, grains: isSafeInside ? ['statement', 'phase'] : ['statement'] }]
  })
}

/** Explorations without end, in which every strategy meets every explorer before one comes again. */
export function* soakJobs(platform: Platform, seed: number): Generator<SoakJob, never> {
  const strategies = safeStrategies(platform)
  for (let round = 0; ; round++) {
    for (const [index, safe] of strategies.entries()) {
      const explorer = samplers[(round + index) % samplers.length]
      if (!explorer) throw new Error('There is no explorer that draws.')
      yield { ...safe, explorer, seed: (seed + round * strategies.length + index) % 2 ** 31 }
    }
  }
}

/** Schedules of one exploration, so that all pairs come up if there is room for them. */
export function schedulesPerJob(platform: Platform, schedules: number): number {
  const pairs = safeStrategies(platform).length * samplers.length
  return Math.min(schedules, Math.max(fewestPerJob, Math.ceil(schedules / pairs)))
}
