import type pg from 'pg'

/** Schemas that are no part of the server's own, by their numbers. */
export const schemasSql = `(SELECT oid FROM pg_namespace
  WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema')`

const namesSql = `
  SELECT relname AS name FROM pg_class
  WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND relnamespace IN ${schemasSql}
  UNION
  SELECT proname FROM pg_proc WHERE pronamespace IN ${schemasSql}`

/**
 * What statements do without saying so: routines and triggers, rules and views, defaults, checks and
 * policies. What an extension brings is its own. Of a routine that is not in SQL nothing is known: null.
 * Source: PostgreSQL manual, chapter 52 "System Catalogs".
 */
const sourcesSql = `
  SELECT CASE WHEN l.lanname IN ('sql', 'plpgsql') AND p.prokind IN ('f', 'p')
    THEN pg_get_functiondef(p.oid) WHEN p.prokind <> 'a' THEN NULL ELSE '' END AS source
  FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
  WHERE p.pronamespace IN ${schemasSql} AND p.proname <> 'lockstep_stop' AND NOT EXISTS (
    SELECT FROM pg_depend d
    WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
  UNION ALL
  SELECT pg_get_ruledef(r.oid) FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
  WHERE c.relnamespace IN ${schemasSql}
  UNION ALL
  SELECT pg_get_expr(a.adbin, a.adrelid) FROM pg_attrdef a JOIN pg_class c ON c.oid = a.adrelid
  WHERE c.relnamespace IN ${schemasSql}
  UNION ALL
  SELECT pg_get_constraintdef(oid) FROM pg_constraint
  WHERE contype = 'c' AND connamespace IN ${schemasSql}
  UNION ALL
  SELECT concat(pg_get_expr(polqual, polrelid), ' ', pg_get_expr(polwithcheck, polrelid)) FROM pg_policy`

/** What the sessions of a lane have to know of its schema. */
export class Schema {
  #names = nothing
  #leavesTraces = false

  /** Matches a text that names one of its tables, views, sequences, or routines. */
  get names(): RegExp {
    return this.#names
  }

  /** Whether any statement may leave something behind in its session, as of a routine that it calls. */
  get leavesTraces(): boolean {
    return this.#leavesTraces
  }

  /** Looks at it as it is now. */
  async read(client: pg.Client): Promise<void> {
    const [names, sources] = await Promise.all([
      client.query<{ name: string }>(namesSql),
      client.query<{ source: string | null }>(sourcesSql),
    ])
    const escaped = names.rows.map(({ name }) => RegExp.escape(name))
    this.#names = escaped.length === 0 ? nothing : anyOf(escaped)
    this.#leavesTraces = sources.rows.some(({ source }) => mayLeaveTraces(source))
  }
}

/** Matches no text. */
const nothing = /(?!)/

const anyOf = (names: readonly string[]): RegExp =>
  new RegExp(`(?<![\\w$])(?:${names.join('|')})(?![\\w$])`, 'i')

const comment = /--[^\n]*|\/\*[\s\S]*?\*\//g

/** SET where it sets no setting, or none that outlasts the transaction. */
const harmlessSet =
  /\bupdate\s+(?:only\s+)?(?:"[^"]+"|[\w.$])+(?:\s+(?:as\s+)?(?!set\b)[\w"$]+)?\s+set\b|\bdo\s+update\s+set\b|\bset\s+local\b|\bthen\s+update\s+set\b/gi

/** What a session keeps, and EXECUTE, which may be anything. */
const trace =
  /set_config|advisory_(?!xact)|dblink|\b(?:set|reset|discard|listen|unlisten|prepare|deallocate|execute|load|hold|temp|temporary|pg_temp)\b/i

const mayLeaveTraces = (source: string | null): boolean =>
  source === null || trace.test(source.replaceAll(comment, ' ').replaceAll(harmlessSet, ' '))
