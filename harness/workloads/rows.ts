import { showLiteral, type Row } from '../databases/statement.ts'

/** Rows as messages name them: `redemption(coupon_id 1, user_id 2)`, one after the other. */
export function listRows(table: string, rows: readonly object[]): string {
  if (rows.length === 0) return `no row in ${table}`
  return rows.map((row) => `${table}(${showRow(row as Row)})`).join(', ')
}

export function showRow(row: Row): string {
  return Object.entries(row)
    .map(([column, value]) => `${column} ${showLiteral(value)}`)
    .join(', ')
}

export function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  return Map.groupBy(items, key)
}
