/**
 * What a statement may leave in tables, told from its text: enough to know which tables are as the
 * last reset has left them. Whatever is not understood may have changed everything.
 */
export type Writes =
  | { readonly kind: 'nothing' }
  /** Only values of rows that are there, in these columns. */
  | { readonly kind: 'values'; readonly table: string; readonly assignments: string }
  /** Adds rows to the table, or deletes some. */
  | { readonly kind: 'rows'; readonly table: string }
  | { readonly kind: 'anything' }

const nothing = { kind: 'nothing' } as const
const anything = { kind: 'anything' } as const

const harmless =
  /^\s*(select|begin|start|commit|rollback|savepoint|release|set\s+transaction|do)\b/i
const update = /^\s*update\s+(?:ignore\s+)?`?(\w+)`?\s+set\s+(.*)$/is
const rows = /^\s*(?:insert\s+(?:ignore\s+)?into|replace\s+into|delete\s+from)\s+`?(\w+)`?[\s(]/i

export function writesOf(text: string): Writes {
  if (harmless.test(text)) return nothing
  const [, updated, rest = ''] = update.exec(text) ?? []
  if (updated !== undefined) {
    return { kind: 'values', table: updated, assignments: rest.split(/\bwhere\b/i)[0] ?? '' }
  }
  const table = rows.exec(text)?.[1]
  return table === undefined ? anything : { kind: 'rows', table }
}
