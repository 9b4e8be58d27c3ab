import { showRow, type Row } from '../databases/statement.ts'

/** Rows as messages name them: `redemption(coupon_id 1, user_id 2)`, one after the other. */
export function listRows(table: string, rows: readonly object[]): string {
  if (rows.length === 0) return `no row in ${table}`
  return rows.map((row) => `${table}(${showRow(row as Row)})`).join(', ')
}
