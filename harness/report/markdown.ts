import { printable } from '../words.ts'

/**
 * Text from a database, a plan or an error as one line of Markdown, of which nothing is taken for
 * formatting or HTML. Good in a paragraph, a heading, a list and a cell of a table.
 */
export function escapeMarkdown(text: string): string {
  return printable(text)
    .replaceAll(/\s+/g, ' ')
    .trim()
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[\\`*_[\]|~$#!@]/g, String.raw`\$&`)
}

/** The same as a block that keeps its lines: nothing within can end it. */
export function codeBlock(text: string): string {
  const runs = text.match(/`+/g) ?? []
  const fence = '`'.repeat(Math.max(3, ...runs.map((run) => run.length + 1)))
  return [`${fence}text`, printable(text).replace(/\n+$/, ''), fence].join('\n')
}

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

/** A table, of which the cells are Markdown already. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
