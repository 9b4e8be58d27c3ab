import type mysql from 'mysql2'
import type { Rows, Table } from '../../engine.ts'
import type { Row } from '../../statement.ts'
import { ask } from './client.ts'
import { dialect, fillSql, identifier } from './dialect.ts'
import type { Writes } from './writes.ts'

/** What has to be known of a table to put its rows back where they are. */
interface Shape {
  readonly key: readonly string[]
  /** Columns that are in an index. Changing one leaves something behind in it. */
  readonly indexed: readonly string[]
  /** Columns that are not the workload's, which go back to their defaults. */
  readonly added: readonly string[]
}

interface ColumnFacts {
  readonly name: string
  readonly column: string
  readonly extra: string
  readonly indexed: number
  readonly inKey: number
}

const columnsSql = `
  SELECT c.TABLE_NAME AS name, c.COLUMN_NAME AS \`column\`, c.EXTRA AS extra,
    EXISTS (SELECT 1 FROM information_schema.STATISTICS s WHERE s.TABLE_SCHEMA = c.TABLE_SCHEMA
      AND s.TABLE_NAME = c.TABLE_NAME AND s.COLUMN_NAME = c.COLUMN_NAME) AS indexed,
    EXISTS (SELECT 1 FROM information_schema.STATISTICS s WHERE s.TABLE_SCHEMA = c.TABLE_SCHEMA
      AND s.TABLE_NAME = c.TABLE_NAME AND s.COLUMN_NAME = c.COLUMN_NAME
      AND s.INDEX_NAME = 'PRIMARY') AS inKey
  FROM information_schema.COLUMNS c WHERE c.TABLE_SCHEMA = DATABASE()`

/** With these, statements change rows of tables that they do not name. */
const sideEffectsSql = `
  SELECT 1 FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()
  UNION ALL
  SELECT 1 FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE()
  UNION ALL
  SELECT 1 FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE()
  UNION ALL
  SELECT 1 FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()`

/** Indexes on expressions, whose columns are not named. */
const functionalSql = `
  SELECT DISTINCT TABLE_NAME AS name FROM information_schema.STATISTICS
  WHERE TABLE_SCHEMA = DATABASE() AND COLUMN_NAME IS NULL`

/** What a strategy's schema has added, which begins anew in every run. */
export interface Added {
  readonly name: string
  /** MariaDB has sequences. */
  readonly isSequence: boolean
}

/**
 * Brings the rows of a lane's tables back with as little as will do. Emptying a table is dear, and
 * most runs only change values of rows that are there.
 *
 * A table is emptied with TRUNCATE, although DELETE is quicker: InnoDB leaves a deleted row in its
 * indexes until a thread of its own removes it, sooner or later, and until then it can be locked. The
 * same plan would find other locks from one run to the next.
 * Source: MySQL manual, 17.3 "InnoDB Multi-Versioning", and 17.8.9 "Purge Configuration".
 */
export class Restoration {
  readonly #tables: readonly Table[]
  readonly #added: readonly Added[]
  /** Of the tables whose rows can be put back one by one. */
  readonly #shapes: ReadonlyMap<string, Shape>
  /** Whether statements may change more than they name. */
  readonly #hasSideEffects: boolean
  /** The rows that the last reset has left; undefined when nobody knows what is there. */
  #before: Rows | undefined

  private constructor(
    tables: readonly Table[],
    added: readonly Added[],
    shapes: ReadonlyMap<string, Shape>,
    hasSideEffects: boolean,
  ) {
    this.#tables = tables
    this.#added = added
    this.#shapes = shapes
    this.#hasSideEffects = hasSideEffects
  }

  /** Looks at the tables as a strategy's schema has left them. */
  static async of(
    connection: mysql.Connection,
    tables: readonly Table[],
    added: readonly Added[],
  ): Promise<Restoration> {
    const hasSideEffects = (await ask<unknown[]>(connection, sideEffectsSql)).length > 0
    const facts = await ask<ColumnFacts[]>(connection, columnsSql)
    const functional = await ask<{ name: string }[]>(connection, functionalSql)
    const shapes = new Map<string, Shape>()
    for (const table of tables) {
      if (functional.some(({ name }) => name === table.name)) continue
      const own = facts.filter(({ name }) => name === table.name)
      const shape = shapeOf(table, own)
      if (shape) shapes.set(table.name, shape)
    }
    return new Restoration(tables, added, shapes, hasSideEffects)
  }

  /** Statements that make the tables hold `rows` again, after what was written since the last time. */
  statements(rows: Rows, written: readonly Writes[]): string[] {
    const before = this.#isKnown(written) ? this.#before : undefined
    this.#before = rows
    return [
      ...this.#added
        .filter(({ name, isSequence }) => isSequence || !before || hasOtherRows(name, written))
        .map(emptySql),
      ...this.#tables.flatMap((table) => this.#restore(table, before, rows, written)),
    ]
  }

  /** Whether the statements changed nothing but tables that they name, and that are known here. */
  #isKnown(written: readonly Writes[]): boolean {
    const changes = written.filter(({ kind }) => kind !== 'nothing')
    // A SELECT may call a routine.
    if (this.#hasSideEffects && written.length > 0) return false
    const names = new Set([...this.#tables, ...this.#added].map(({ name }) => name.toLowerCase()))
    return changes.every((each) => 'table' in each && names.has(each.table))
  }

  /** Nobody knows any more what is in the tables. */
  forget(): void {
    this.#before = undefined
  }

  #restore(
    table: Table,
    before: Rows | undefined,
    rows: Rows,
    written: readonly Writes[],
  ): string[] {
    const wanted = rows[table.name] ?? []
    const left = before?.[table.name] ?? []
    if (!before || hasOtherRows(table.name, written)) return refill(table, wanted)
    const updates = written.filter(
      (each) => each.kind === 'values' && each.table === table.name.toLowerCase(),
    )
    if (updates.length === 0 && isSame(table.columns, left, wanted)) return []
    const shape = this.#shapes.get(table.name)
    if (!shape || !isSame(shape.key, left, wanted)) return refill(table, wanted)
    if (updates.some((each) => touches(each, shape.indexed))) return refill(table, wanted)
    if (
      !isSame(
        shape.indexed.filter((column) => table.columns.includes(column)),
        left,
        wanted,
      )
    ) {
      return refill(table, wanted)
    }
    return wanted.map((row) => updateSql(table, shape, row))
  }
}

/** Undefined when the table's rows cannot be put back one by one. */
function shapeOf({ columns }: Table, facts: readonly ColumnFacts[]): Shape | undefined {
  const namesOf = (those: readonly ColumnFacts[]) => those.map(({ column }) => column)
  const key = namesOf(facts.filter(({ inKey }) => inKey === 1))
  // What a generated column or a default that is computed should be again is not for us to say.
  const isPlain = facts.every(({ extra }) => extra === '')
  if (key.length === 0 || !isPlain || !key.every((column) => columns.includes(column))) {
    return undefined
  }
  const indexed = namesOf(facts.filter((fact) => fact.indexed === 1))
  const added = namesOf(facts).filter((column) => !columns.includes(column))
  return { key, indexed, added }
}

const hasOtherRows = (table: string, written: readonly Writes[]): boolean =>
  written.some((each) => each.kind === 'rows' && each.table === table.toLowerCase())

const emptySql = ({ name, isSequence }: Added): string =>
  isSequence ? `ALTER SEQUENCE ${identifier(name)} RESTART` : `TRUNCATE ${identifier(name)}`

function touches(update: Writes, columns: readonly string[]): boolean {
  if (update.kind !== 'values') return true
  return columns.some((column) => new RegExp(`\\b${column}\\b`, 'i').test(update.assignments))
}

const isSame = (columns: readonly string[], left: readonly Row[], right: readonly Row[]): boolean =>
  left.length === right.length &&
  left.every((row, index) => columns.every((column) => row[column] === right[index]?.[column]))

const refill = (table: Table, rows: readonly Row[]): string[] => [
  `TRUNCATE ${identifier(table.name)}`,
  ...fillSql(table, rows),
]

function updateSql({ name, columns }: Table, { key, added }: Shape, row: Row): string {
  const equals = (column: string) =>
    `${identifier(column)} = ${dialect.literal(row[column] as never)}`
  const assignments = [
    ...columns.filter((column) => !key.includes(column)).map(equals),
    ...added.map((column) => `${identifier(column)} = DEFAULT(${identifier(column)})`),
  ]
  return `UPDATE ${identifier(name)} SET ${assignments.join(',')} WHERE ${key.map(equals).join(' AND ')}`
}
