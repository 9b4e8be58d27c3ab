import type { Rows, Table } from '../databases/engine.ts'
import { showLiteral, type Row } from '../databases/statement.ts'

/** Rows of one table that only one of two states has; a row that is there twice counts twice. */
export interface TableDifference {
  readonly table: string
  readonly onlyFirst: readonly Row[]
  readonly onlySecond: readonly Row[]
}

/** What has to be known of a table to compare what is in it. */
type Columns = Pick<Table, 'name' | 'columns'>

/**
 * What tells states of the same tables apart. Tables have no order, so they are compared as multisets
 * of rows, by the columns that are observed: what a strategy adds, such as an id drawn from a
 * sequence, is not among them.
 */
export class Contents {
  readonly #tables: readonly Columns[]

  constructor(tables: readonly Columns[]) {
    this.#tables = tables
  }

  /** The same text for two states just when they have the same contents. */
  key(state: Rows): string {
    return this.#tables.map((table) => JSON.stringify(keysOf(table, state).toSorted())).join()
  }

  /** Tables in which two states differ, in the order of the tables. */
  differences(first: Rows, second: Rows): TableDifference[] {
    return this.#tables.flatMap((table) => {
      const onlyFirst = surplus(table, first, second)
      const onlySecond = surplus(table, second, first)
      if (onlyFirst.length + onlySecond.length === 0) return []
      return { table: table.name, onlyFirst, onlySecond }
    })
  }
}

/** The rows of `one` that `other` does not have, or not as often. */
function surplus(table: Columns, one: Rows, other: Rows): Row[] {
  const left = new Map<string, number>()
  for (const key of keysOf(table, other)) left.set(key, (left.get(key) ?? 0) + 1)
  const keys = keysOf(table, one)
  return (one[table.name] ?? []).filter((_, index) => {
    const key = keys[index] ?? ''
    const count = left.get(key) ?? 0
    left.set(key, count - 1)
    return count <= 0
  })
}

const keysOf = ({ name, columns }: Columns, state: Rows): string[] =>
  (state[name] ?? []).map((row) => columns.map((column) => valueKey(row[column])).join())

/** A value as text that does not depend on the order in which an object's properties were set. */
export function valueKey(value: unknown): string {
  if (typeof value !== 'object' || value === null || value instanceof Date) {
    return showLiteral(value)
  }
  if (Array.isArray(value)) return `[${value.map(valueKey).join()}]`
  const properties = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${properties.map(([name, each]) => `${JSON.stringify(name)}:${valueKey(each)}`).join()}}`
}
