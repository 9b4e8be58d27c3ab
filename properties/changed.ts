import { strategyIds, type StrategyId } from '../strategies/index.ts'
import { valueOf } from './settings/environment.ts'
import { internal } from './settings/prepare.ts'

const names = valueOf(internal.changed)?.split(',') ?? []

/** The strategies that are tried before the others, as a change has touched them: by default none. */
export const changed: readonly StrategyId[] = strategyIds.filter((id) => names.includes(id))

/** The others. */
export const unchanged: readonly StrategyId[] = strategyIds.filter((id) => !names.includes(id))
