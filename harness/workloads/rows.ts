import { showRow, type Row } from '../databases/statement.ts'
import { count } from '../words.ts'

/** More than that nobody reads, and after many commands at once there may be thousands. */
export const mostListed = 12

/** Rows as messages name them: `redemption(coupon_id 1, user_id 2)`, one after the other. */
export function listRows(table: string, rows: readonly object[]): string {
  if (rows.length === 0) return `no row in ${table}`
  const listed = rows.slice(0, mostListed).map((row) => `${table}(${showRow(row as Row)})`)
  const left = rows.length - listed.length
  return [...listed, ...(left > 0 ? [`and ${count(left, 'more row')}`] : [])].join(', ')
}

/** In a sentence on what somebody was told ok for: how often they were told that nobody knows. */
export const orUnknown = (times: number): string =>
  times === 0 ? '' : `, and unknown for ${times}`
