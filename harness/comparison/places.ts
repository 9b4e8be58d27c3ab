import { matchesGlob } from 'node:path'
import { byName } from '../names.ts'
import type { Engine } from '../databases/engine.ts'
import { engines } from '../databases/engines/index.ts'
import { isolationLevels, type IsolationLevel } from '../databases/isolation.ts'
import { platforms, platformSettings, type Platform } from '../hermitage/platform.ts'
import type { Strategy } from '../strategy.ts'
import type { CellNotRun, Place } from './results.ts'

export const engineOf = (platform: Platform): Engine =>
  byName('database', engines, platformSettings[platform].engine)

/** What is to be compared. */
export interface Selection {
  readonly strategies: readonly Strategy[]
  readonly engines: readonly Engine[]
  /** Each engine's own level when left out. */
  readonly levels?: readonly IsolationLevel[] | undefined
  /** A part of a cell's name, or a pattern for all of it: see {@link pathOf}. */
  readonly filter?: string | undefined
}

/** The cells that were asked for: those that can be measured, and those that a strategy is not made for. */
export interface Chosen {
  readonly places: readonly Place[]
  readonly notRun: readonly CellNotRun[]
}

/** What a filter is compared with: `purchase/select-for-update/mysql/read-committed`. */
export const pathOf = ({ workload, strategy, platform, isolation }: Place): string =>
  [workload, strategy, platform, isolation].join('/')

/** The cells that are asked for, and those of them that cannot be run, with the reason. */
export function choosePlaces({ strategies, engines: chosen, levels, filter }: Selection): Chosen {
  const places: Place[] = []
  const notRun: CellNotRun[] = []
  for (const platform of platforms.filter((each) => chosen.includes(engineOf(each)))) {
    const engine = engineOf(platform)
    for (const isolation of levels ?? [engine.defaultIsolation]) {
      for (const { name, workload, engines: own } of strategies) {
        const place = { workload: workload.name, strategy: name, platform, isolation }
        if (filter !== undefined && !isMeant(pathOf(place), filter)) continue
        if (own.includes(engine.name)) places.push(place)
        else {
          const reason = `It is written for ${own.join(' and ')} only.`
          notRun.push({ ...place, part: 'both', reason, unsupported: true })
        }
      }
    }
  }
  return { places, notRun }
}

const isMeant = (path: string, filter: string): boolean =>
  path.includes(filter) || matchesGlob(path, filter)

/**
 * Why the cost of a cell is not measured, if it is not. It is measured at the engine's own level, safe or
 * not, to see what safety costs there; and for a strategy that is not safe there, at the weakest level
 * at which it is. MariaDB's other setting makes transactions fail rather than slow.
 *
 * @param holds whether the strategy holds at a level of the same platform, as far as that is known
 * @param isServersOwn whether the platform is how the server is set
 */
export function whyWithoutCost(
  { platform, isolation }: Place,
  holds: (level: IsolationLevel) => boolean,
  isServersOwn: boolean,
): string | undefined {
  if (!isServersOwn) return `The server is set otherwise. ${everywhere}`
  const own = engineOf(platform).defaultIsolation
  if (isolation === own) return undefined
  if (!holds(isolation))
    return `It does not hold here, nor is this the engine's own level. ${everywhere}`
  const weaker = isolationLevels.slice(0, isolationLevels.indexOf(isolation))
  if (![own, ...weaker].some(holds)) return undefined
  return `It holds at a weaker level, or at the engine's own, too. ${everywhere}`
}

const everywhere = '--all-costs measures it too.'
