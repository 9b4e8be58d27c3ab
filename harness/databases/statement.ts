/** What may stand in a statement's `${…}`. */
export type SqlValue = string | number | boolean | null

/** A row as the driver returned it, with whole numbers as `number`. */
export type Row = Readonly<Record<string, unknown>>

/**
 * A statement with its parameters kept apart: `parts` are the pieces of text between them. The text
 * never holds a parameter, so one statement serves every engine, each with its own placeholders.
 */
export interface Statement {
  readonly parts: readonly string[]
  readonly params: readonly SqlValue[]
}

export function statement(parts: readonly string[], params: readonly SqlValue[] = []): Statement {
  return { parts, params }
}

/** The statement as text, with each parameter written by `show`. */
export function renderStatement(
  { parts, params }: Statement,
  show: (value: SqlValue, index: number) => string,
): string {
  let text = parts[0] ?? ''
  for (const [index, value] of params.entries()) {
    text += show(value, index) + (parts[index + 1] ?? '')
  }
  return text
}

/** The statement as people read it: one line, the parameters in their places as SQL literals. */
export function showStatement({ parts, params }: Statement): string {
  const oneLine = parts.map((part) => part.replaceAll(/\s+/g, ' '))
  return renderStatement({ parts: oneLine, params }, showLiteral).trim()
}

/** A row as `id 1, code 'C1'`. */
export function showRow(row: Row): string {
  return Object.entries(row)
    .map(([column, value]) => `${column} ${showLiteral(value)}`)
    .join(', ')
}

export function showLiteral(value: unknown): string {
  if (value === null || value === undefined) return 'NULL'
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') {
    return String(value)
  }
  return showLiteral(value instanceof Date ? value.toISOString() : JSON.stringify(value))
}
