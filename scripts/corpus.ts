#!/usr/bin/env node
/**
 * Records a counterexample of everything that properties/expectations says can be broken, and that
 * properties/corpus has none of yet.
 *
 * Of each invariant that a strategy breaks on a platform there is one at the engine's own level, or else
 * at the weakest at which it breaks, and one at the strongest.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  byName,
  engines,
  explore,
  isolationLevels,
  keepKnown,
  knownFrom,
  knownPath,
  obtainServer,
  platforms,
  platformSettings,
  portfolio,
  random,
  Unavailable,
  type DatabaseServer,
  type Engine,
  type Exploration,
  type Grain,
  type IsolationLevel,
  type Platform,
} from '../harness/index.ts'
import { expectations } from '../properties/expectations.ts'
import { catalogue, strategyIds, type StrategyId } from '../strategies/index.ts'

const folder = 'properties/corpus'
const mostSchedules = 5_000

/** Something that is known to break. */
interface Wanted {
  readonly id: StrategyId
  readonly platform: Platform
  readonly isolation: IsolationLevel
  readonly grain: Grain
  readonly invariant: string
}

function wantedOf(id: StrategyId, platform: Platform): readonly Wanted[] {
  const { engine } = platformSettings[platform]
  const { claims, engines: meant } = catalogue[id]
  if (!(meant as readonly string[]).includes(engine)) return []
  const own = byName('database', engines, engine).defaultIsolation
  return claims.flatMap((invariant) => {
    const at = (grain: Grain): readonly Wanted[] => {
      const levels = isolationLevels.filter((level) =>
        breaks(id, platform, level, grain, invariant),
      )
      const chosen = new Set([levels.find((level) => level === own) ?? levels[0], levels.at(-1)])
      return [...chosen].flatMap((isolation) =>
        isolation === undefined ? [] : [{ id, platform, isolation, grain, invariant }],
      )
    }
    return [...at('statement'), ...at('phase')]
  })
}

function breaks(
  id: StrategyId,
  platform: Platform,
  level: IsolationLevel,
  grain: Grain,
  invariant: string,
): boolean {
  const expected = expectations[id][platform][level]
  const known = grain === 'statement' ? expected.breaks : expected.inside?.breaks
  return known?.includes(invariant) === true
}

const pathOf = ({ id, platform, isolation, grain, invariant }: Wanted): string => {
  const [workload = '', strategy = ''] = id.split('/')
  const setting = platformSettings[platform]
  const where = { workload, strategy, isolation, grain, invariant, ...setting }
  return knownPath({ ...where, serverVersion: '', token: '' })
}

async function record(server: DatabaseServer, engine: Engine, wanted: Wanted): Promise<void> {
  const { id, platform, isolation, grain, invariant } = wanted
  const strategy = catalogue[id]
  const lane = await engine.openLane(server, { ...platformSettings[platform], isolation })
  try {
    let found: Exploration | undefined
    for (const explorer of [random, portfolio]) {
      found = await explore({
        lane,
        strategy,
        explorer,
        grains: [grain],
        invariants: [invariant],
        schedules: mostSchedules,
        seed: 1,
      })
      if (found.verdict === 'violated') break
    }
    if (found?.verdict === 'violated') {
      console.log(keepKnown(folder, knownFrom(strategy.workload, found, found.counterexample)))
    } else {
      console.error(`not found: ${pathOf(wanted)} (${found?.verdict})`)
      process.exitCode = 1
    }
  } finally {
    await lane.close()
  }
}

for (const engine of engines) {
  const missing = platforms
    .filter((platform) => platformSettings[platform].engine === engine.name)
    .flatMap((platform) => strategyIds.flatMap((id) => wantedOf(id, platform)))
    .filter((wanted) => !existsSync(join(folder, pathOf(wanted))))
  if (missing.length === 0) continue
  try {
    const server = await obtainServer(engine, {})
    try {
      for (const wanted of missing) await record(server, engine, wanted)
    } finally {
      await server.stop()
    }
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error
    console.error(
      `${missing.length} counterexamples of ${engine.title} not recorded. ${error.message}`,
    )
    process.exitCode = 3
  }
}
