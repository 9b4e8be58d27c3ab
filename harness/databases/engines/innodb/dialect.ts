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

/** Statements that empty the tables and fill them, whatever is in them. */
export const resetSql = (tables: readonly Table[], rows: Rows): string =>
  tables
    .flatMap((table) => [
      `TRUNCATE ${identifier(table.name)}`,
      ...fillSql(table, rows[table.name] ?? []),
    ])
    .join(';')

/** The statement that puts rows into an empty table, if there are any. */
export function fillSql({ name, columns }: Table, rows: readonly Row[]): string[] {
  if (rows.length === 0) return []
  const tuples = rows.map(
    (row) => `(${columns.map((column) => dialect.literal(row[column] as never)).join(',')})`,
  )
  return [
    `INSERT INTO ${identifier(name)} (${columns.map(identifier).join(',')}) VALUES ${tuples.join(',')}`,
  ]
}
