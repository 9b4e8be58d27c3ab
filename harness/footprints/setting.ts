import type { EngineName } from '../databases/engine-name.ts'
import { forEngine, type Lane } from '../databases/engine.ts'
import type { IsolationSetting } from '../databases/isolation.ts'
import type { Strategy } from '../strategy.ts'
import { isTangled, tablesIn, uniqueColumns } from './schema.ts'

/** Everything that what statements touch depends on, besides their text. */
export interface Setting extends IsolationSetting {
  readonly engine: EngineName
  /** All statements that made the tables. */
  readonly schema: readonly string[]
}

/** Where the strategy runs on this lane. */
export function settingOf(
  { engine, isolation, snapshotIsolation }: Lane,
  { workload, schema }: Strategy,
): Setting {
  const tables = workload.tables.flatMap(({ create }) => forEngine(engine.name, create))
  return {
    engine: engine.name,
    isolation,
    snapshotIsolation,
    schema: [...tables, ...forEngine(engine.name, schema)],
  }
}

/** What there is to know of a schema. */
export interface SchemaFacts {
  /** See {@link isTangled}. */
  readonly isTangled: boolean
  /** See {@link uniqueColumns}. */
  readonly unique: ReadonlySet<string>
  /** See {@link tablesIn}. */
  readonly tables: ReadonlySet<string>
}

const known = new WeakMap<readonly string[], SchemaFacts>()

/** Found out once for each setting. */
export function factsOf({ schema }: Setting): SchemaFacts {
  let facts = known.get(schema)
  if (!facts) {
    facts = {
      isTangled: isTangled(schema),
      unique: uniqueColumns(schema),
      tables: tablesIn(schema),
    }
    known.set(schema, facts)
  }
  return facts
}
