import type { SpecResult } from '../databases/engines/postgres/spec-answer.ts'
import type { SpecNotification } from '../databases/engines/postgres/spec-connection.ts'
import type { Permutation, Spec, SpecStep } from './spec.ts'

/**
 * The lines that PostgreSQL's isolation tester prints, to the byte.
 * Source: PostgreSQL, src/test/isolation/isolationtester.c.
 */
export const lines = {
  parsed: ({ sessions }: Spec): string => `Parsed test spec with ${sessions.length} sessions\n`,
  starting: (permutation: Permutation): string =>
    `\nstarting permutation:${permutation.map(({ step }) => ` ${step.name}`).join('')}\n`,
  waiting: ({ name, sql }: SpecStep): string => `step ${name}: ${sql} <waiting ...>\n`,
  atOnce: ({ name, sql }: SpecStep): string => `step ${name}: ${sql}\n`,
  completed: ({ name }: SpecStep): string => `step ${name}: <... completed>\n`,
  notice: (session: string, text: string): string => `${session}: ${text}`,
  notification: (session: string, { channel, payload }: SpecNotification, sender: string): string =>
    `${session}: NOTIFY "${channel}" with payload "${payload}" from ${sender}\n`,
  cancelling: ({ name }: SpecStep, seconds: number): string =>
    `isolationtester: canceling step ${name} after ${seconds} seconds\n`,
}

/** A result as a step prints it. */
export function showResult(result: SpecResult): string {
  switch (result.kind) {
    case 'rows':
      return showRows(result.columns, result.rows)
    case 'error':
      return `${result.line}\n`
    case 'done':
      return ''
  }
}

/**
 * Rows in columns, each as wide as its widest value, in bytes; numbers to the right.
 * Source: libpq, `PQprint` in fe-print.c.
 */
export function showRows(
  columns: readonly string[],
  rows: readonly (readonly (string | null)[])[],
): string {
  if (columns.length === 0) return ''
  const widths = columns.map((name, index) =>
    Math.max(bytes(name), ...rows.map((row) => bytes(row[index] ?? ''))),
  )
  const isNumber = columns.map((_, index) => rows.every((row) => looksNumeric(row[index] ?? '')))
  const line = (values: readonly (string | null)[]): string =>
    widths.map((width, index) => pad(values[index] ?? '', width, isNumber[index])).join('|')
  const border = widths.map((width) => '-'.repeat(width)).join('+')
  const count = `(${rows.length} row${rows.length === 1 ? '' : 's'})`
  return `${[line(columns), border, ...rows.map(line), count].join('\n')}\n\n`
}

const bytes = (text: string): number => Buffer.byteLength(text)

/** Whether a value leaves its column among the numbers; an empty one does. */
const looksNumeric = (value: string): boolean =>
  value === '' || (/^[0-9.Ee -]*[0-9]$/.test(value) && !/^[Ee]/.test(value))

function pad(text: string, width: number, toTheRight: boolean | undefined): string {
  const blanks = ' '.repeat(width - bytes(text))
  return toTheRight ? blanks + text : text + blanks
}
