/**
 * What a statement may leave in tables, told from its text: enough to know which tables are as the
 * last reset has left them. Whatever is not understood may have changed everything. What triggers,
 * routines, views and foreign keys do besides is not in the text: see `restoration.ts`.
 */
export type Writes =
  | { readonly kind: 'nothing' }
  /** Only values of rows that are there, in the columns that are named in `assignments`. */
  | { readonly kind: 'values'; readonly table: string; readonly assignments: string }
  /** May add rows to the table, delete some, or change what they are found by. */
  | { readonly kind: 'rows'; readonly table: string }
  | { readonly kind: 'anything' }

const nothing = { kind: 'nothing' } as const
const anything = { kind: 'anything' } as const

const harmless =
  /^\s*(?:(?:select|start\s+transaction|commit|rollback|savepoint|release|set\s+transaction|do)\b|begin(?:\s+work)?\s*;?\s*$)/i
const update = /^\s*update\s+(?:ignore\s+)?`?(\w+)`?\s+set\s+(.*)$/is
const insert =
  /^\s*(?:insert\s+(?:ignore\s+)?into|replace\s+into)\s+`?(\w+)`?\s*(?:\(|values?\b|select\b|set\b)/i
const remove = /^\s*delete\s+from\s+`?(\w+)`?\s*(?:;?\s*$|(?:where|order|limit|returning)\b)/i

/** Where a text like this may not mean what it looks like: a subquery, a string, a comment. */
const opaque = /["'`(#]|--|\/\*/

export function writesOf(text: string): Writes {
  if (harmless.test(text)) return nothing
  const [, updated, rest = ''] = update.exec(text) ?? []
  if (updated !== undefined) return writesOfUpdate(updated.toLowerCase(), rest)
  const table = (insert.exec(text) ?? remove.exec(text))?.[1]
  return table === undefined ? anything : { kind: 'rows', table: table.toLowerCase() }
}

function writesOfUpdate(table: string, rest: string): Writes {
  // Up to the last WHERE. If that is not the statement's own, there is a bracket before it.
  const assignments = /^(.*)\bwhere\b/is.exec(rest)?.[1] ?? rest
  if (opaque.test(assignments)) return { kind: 'rows', table }
  return { kind: 'values', table, assignments }
}
