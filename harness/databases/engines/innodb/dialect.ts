import mysql from 'mysql2'
import type { Dialect, Rows, Table } from '../../engine.ts'
import { showLiteral, type Row } from '../../statement.ts'

export const dialect: Dialect = {
  placeholder: () => '?',
  literal: (value) => (typeof value === 'string' ? mysql.escape(value) : showLiteral(value)),
}

export const identifier = (name: string): string => mysql.escapeId(name, true)

/** Statements that read every row of every table, as one text with one answer for each table. */
export function observeSql(tables: readonly Table[]): string {
  return tables
    .map(({ name, columns }) => {
      const list = columns.map(identifier).join(',')
      return `SELECT ${list} FROM ${identifier(name)} ORDER BY ${list}`
    })
    .join(';')
}

/** Gives the answers of `observeSql` the names of their tables. */
export function observedRows(tables: readonly Table[], answers: readonly (readonly Row[])[]): Rows {
  return Object.fromEntries(
    tables.map(({ name }, index) => [name, (answers[index] ?? []).map((row) => ({ ...row }))]),
  )
}

/**
 * Statements that empty the tables and fill them again, as one text.
 *
 * TRUNCATE, although DELETE is quicker: InnoDB leaves a deleted row in its indexes until a thread of
 * its own removes it, sooner or later, and until then it can be locked. The same plan would find
 * other locks from one run to the next.
 * Source: MySQL manual, 17.3 "InnoDB Multi-Versioning", and 17.8.9 "Purge Configuration".
 */
export function resetSql(tables: readonly Table[], added: readonly string[], rows: Rows): string {
  const emptied = [...added, ...tables.map(({ name }) => name)]
  const truncations = emptied.map((name) => `TRUNCATE ${identifier(name)}`)
  const insertions = tables.flatMap((table) => insertSql(table, rows[table.name] ?? []))
  return [...truncations, ...insertions].join(';')
}

function insertSql({ name, columns }: Table, rows: readonly Row[]): string[] {
  if (rows.length === 0) return []
  const tuples = rows.map(
    (row) => `(${columns.map((column) => dialect.literal(row[column] as never)).join(',')})`,
  )
  return [
    `INSERT INTO ${identifier(name)} (${columns.map(identifier).join(',')}) VALUES ${tuples.join(',')}`,
  ]
}
