import { engineNames, type EngineName } from '../databases/engine-name.ts'
import type { Engine } from '../databases/engine.ts'
import { engines } from '../databases/engines/index.ts'
import { isolationLevels, type IsolationLevel } from '../databases/isolation.ts'
import { UsageError } from '../errors.ts'
import { unknownName } from '../names.ts'
import type { Strategy } from '../strategy.ts'

/** Where a strategy is tested. */
export interface Wanted {
  /** By default `postgres`. */
  readonly databases?: readonly EngineName[] | undefined
  /** Those of them that may be missing. By default none. */
  readonly optional?: readonly EngineName[] | undefined
  /** By default each engine's own level. */
  readonly isolation?: readonly IsolationLevel[] | 'all' | undefined
  /** MariaDB's innodb_snapshot_isolation. By default what the server is set to. */
  readonly snapshotIsolation?: boolean | undefined
}

/** One test: a database at a level. */
export interface Cell {
  readonly engine: Engine
  readonly isolation: IsolationLevel
  readonly snapshotIsolation: boolean | undefined
  /** Whether its database may be missing. */
  readonly optional: boolean
}

/**
 * The tests that are asked for, at least one.
 *
 * @throws {UsageError} when nothing is asked for, or something that cannot be.
 */
export function cellsOf(strategy: Strategy, wanted: Wanted): readonly Cell[] {
  const { databases = ['postgres'], optional = [], isolation, snapshotIsolation } = wanted
  const levels = isolation === 'all' ? isolationLevels : isolation
  if (databases.length === 0) throw none('databases', engineNames)
  if (levels?.length === 0) throw none('isolation', [...isolationLevels, 'all'])
  for (const level of levels ?? []) checkKnown('isolation level', level, isolationLevels)
  for (const name of [...databases, ...optional]) checkKnown('database', name, engineNames)
  for (const name of databases) checkMeant(strategy, name)
  for (const name of optional) checkListed(name, databases)
  const chosen = engines.filter(({ name }) => databases.includes(name))
  if (snapshotIsolation !== undefined && !chosen.some((each) => each.hasSnapshotIsolation)) {
    throw new UsageError(
      '"snapshotIsolation" is for mariadb: add it to "databases", or leave it out.',
    )
  }
  return chosen.flatMap((engine) =>
    (levels ?? [engine.defaultIsolation]).map((level) => ({
      engine,
      isolation: level,
      snapshotIsolation: engine.hasSnapshotIsolation ? snapshotIsolation : undefined,
      optional: optional.includes(engine.name),
    })),
  )
}

/** A test of nothing would pass. */
const none = (option: string, known: readonly string[]): UsageError =>
  new UsageError(
    `"${option}" is empty, so nothing would be tested: leave it out, or name some of ${known.join(', ')}.`,
  )

function checkKnown(kind: string, name: string, known: readonly string[]): void {
  if (!known.includes(name)) throw new UsageError(unknownName(kind, name, known))
}

function checkMeant(strategy: Strategy, name: EngineName): void {
  if (strategy.engines.includes(name)) return
  throw new UsageError(
    `Strategy "${strategy.name}" is written for ${strategy.engines.join(' and ')} only: say "databases: ${JSON.stringify(strategy.engines)}".`,
  )
}

function checkListed(name: EngineName, databases: readonly EngineName[]): void {
  if (databases.includes(name)) return
  throw new UsageError(`"${name}" is optional, but not among the databases: add it to "databases".`)
}
