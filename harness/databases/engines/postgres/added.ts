import type pg from 'pg'
import type { Table } from '../../engine.ts'
import { schemasSql } from './schema.ts'

/** Something in a lane's database that a run may change, and that is none of the workload's tables. */
export interface AddedThing {
  /** As it stands in statements. */
  readonly name: string
  readonly kind: 'table' | 'sequence' | 'materialized view'
  /** Whether the view holds rows, or may hold them; or the sequence has given a number. */
  readonly isBegun: boolean
}

/** A foreign key between two tables, by their names in statements. */
interface Reference {
  readonly child: string
  readonly parent: string
}

/** How the database is brought back, around the rows that are inserted: statements. */
export interface BringingBack {
  readonly deletions: readonly string[]
  readonly restarts: readonly string[]
  readonly refreshes: readonly string[]
}

/** What an extension brings is its own. */
export const ofExtension = (oid: string): string => `EXISTS (
  SELECT FROM pg_depend d
  WHERE d.classid = 'pg_class'::regclass AND d.objid = ${oid} AND d.deptype = 'e')`

/** Materialized views come after those that they may be made of. */
const addedSql = `
  SELECT c.oid::regclass::text AS name,
    CASE c.relkind WHEN 'S' THEN 'sequence' WHEN 'm' THEN 'materialized view' ELSE 'table' END AS kind,
    CASE c.relkind WHEN 'S' THEN pg_sequence_last_value(c.oid) IS NOT NULL
      ELSE c.relispopulated END AS "isBegun"
  FROM pg_class c
  WHERE c.relkind IN ('r', 'p', 'S', 'm') AND c.relnamespace IN ${schemasSql} AND NOT ${ofExtension('c.oid')}
    AND NOT (c.relnamespace = 'public'::regnamespace AND c.relname = ANY ($1))
  ORDER BY c.oid`

const knownSql = `
  SELECT coalesce(to_regclass(quote_ident(name))::text, quote_ident(name)) AS name FROM unnest($1::text[]) WITH ORDINALITY AS known (name, place)
  ORDER BY place DESC`

const referencesSql = `
  SELECT DISTINCT conrelid::regclass::text AS child, confrelid::regclass::text AS parent
  FROM pg_constraint WHERE contype = 'f' AND connamespace IN ${schemasSql}`

/** Whether deleting rows may write others. */
const triggersSql = `
  SELECT FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
  WHERE NOT t.tgisinternal AND t.tgname <> '~lockstep' AND c.relnamespace IN ${schemasSql}
  UNION ALL
  SELECT FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
  WHERE c.relkind IN ('r', 'p') AND c.relnamespace IN ${schemasSql}`

export async function readAdded(
  client: pg.Client,
  tables: readonly Table[],
): Promise<readonly AddedThing[]> {
  const names = tables.map(({ name }) => name)
  return (await client.query<AddedThing>(addedSql, [names])).rows
}

export const namesOf = (wanted: AddedThing['kind'], things: readonly AddedThing[]): string[] =>
  things.filter(({ kind }) => kind === wanted).map(({ name }) => name)

/** @param added what is to be as it was at the beginning */
export async function readBringingBack(
  client: pg.Client,
  tables: readonly Table[],
  added: readonly AddedThing[],
): Promise<BringingBack> {
  const names = tables.map(({ name }) => name)
  const known = await client.query<{ name: string }>(knownSql, [names])
  const references = await client.query<Reference>(referencesSql)
  const triggers = await client.query(triggersSql)
  // What triggers write when the workload's tables are emptied is mostly in others.
  const all = [...known.rows.map(({ name }) => name), ...namesOf('table', added)]
  const deletions = deletionOrder(all, references.rows).map(deletionOf)
  return {
    // Once more for what triggers have written.
    deletions: triggers.rowCount === 0 ? deletions : [...deletions, ...deletions],
    restarts: namesOf('sequence', added).map((name) => `ALTER SEQUENCE ${name} RESTART`),
    refreshes: added.filter(({ kind }) => kind === 'materialized view').map(refreshOf),
  }
}

const refreshOf = ({ name, isBegun }: AddedThing): string =>
  `REFRESH MATERIALIZED VIEW ${name} WITH ${isBegun ? '' : 'NO '}DATA`

/** Tables after those that refer to them, and together those that refer to each other. */
export function deletionOrder(
  tables: readonly string[],
  references: readonly Reference[],
): readonly (readonly string[])[] {
  const left = new Set(tables)
  const order: string[][] = []
  while (left.size > 0) {
    const isReferred = (table: string): boolean =>
      references.some(({ child, parent }) => parent === table && child !== table && left.has(child))
    const free = [...left].find((table) => !isReferred(table))
    const next = free === undefined ? [...left] : [free]
    order.push(next)
    for (const table of next) left.delete(table)
  }
  return order
}

/** What inherits from a table is one itself, and so are its partitions. */
function deletionOf(tables: readonly string[]): string {
  const deletions = tables.map((name) => `DELETE FROM ONLY ${name}`)
  const [only = '', ...others] = deletions
  if (others.length === 0) return only
  return `WITH ${deletions.map((each, index) => `d${index} AS (${each})`).join()} SELECT`
}

/** What is in a table, without those that inherit from it: the same text for the same rows, empty for none. */
export async function fingerprintOf(client: pg.Client, table: string): Promise<string> {
  const { rows } = await client.query<{ print: string | null }>(`
    SELECT count(*) || ' ' || sum(hashtextextended("~row"::text, 0)::numeric) AS print
    FROM ONLY ${table} AS "~row"`)
  return rows[0]?.print ?? ''
}
