import type pg from 'pg'

/** Of what is in the schemas of a lane's database, and is no part of the server's own. */
const namesSql = `
  SELECT relname AS name FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    AND relnamespace IN (SELECT oid FROM pg_namespace
      WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema')
  UNION
  SELECT proname FROM pg_proc
  WHERE pronamespace IN (SELECT oid FROM pg_namespace
      WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema')`

/** What the sessions of a lane have to know of its schema. */
export class Schema {
  #names = nothing

  /** Matches a text that names one of its tables, views, sequences, or routines. */
  get names(): RegExp {
    return this.#names
  }

  /** Looks at it as it is now. */
  async read(client: pg.Client): Promise<void> {
    const { rows } = await client.query<{ name: string }>(namesSql)
    const names = rows.map(({ name }) => RegExp.escape(name))
    this.#names = names.length === 0 ? nothing : anyOf(names)
  }
}

/** Matches no text. */
const nothing = /(?!)/

const anyOf = (names: readonly string[]): RegExp =>
  new RegExp(`(?<![\\w$])(?:${names.join('|')})(?![\\w$])`, 'i')
