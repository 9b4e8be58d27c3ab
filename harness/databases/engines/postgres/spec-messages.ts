import type { SpecResult } from './spec-answer.ts'

/** The fields of an error or a notice. Source: PostgreSQL manual, "Error and Notice Message Fields". */
export interface ServerMessage {
  readonly severity?: string | undefined
  readonly message?: string | undefined
  readonly detail?: string | undefined
  readonly hint?: string | undefined
  readonly position?: string | undefined
  readonly internalPosition?: string | undefined
  readonly internalQuery?: string | undefined
  readonly where?: string | undefined
}

/**
 * A message as libpq shows it by default.
 * Source: libpq, `pqBuildErrorMessage3` in fe-protocol3.c.
 *
 * @param sent the text that it is about
 */
export function describeNotice(notice: ServerMessage, sent: string): string {
  const { detail, hint, internalQuery } = notice
  return [
    `${headline(notice)}\n`,
    place(notice, sent),
    field('DETAIL', detail),
    field('HINT', hint),
    field('QUERY', internalQuery),
  ].join('')
}

export const describeError = (error: ServerMessage, sent: string): SpecResult => ({
  kind: 'error',
  line: headline(error),
  text: describeNotice(error, sent) + field('CONTEXT', error.where),
})

const headline = ({ severity, message }: ServerMessage): string => `${severity}:  ${message}`

const field = (name: string, value: string | undefined): string =>
  value === undefined ? '' : `${name}:  ${value}\n`

function place({ position, internalPosition, internalQuery }: ServerMessage, sent: string): string {
  if (position !== undefined) return pointAt(sent, Number(position) - 1)
  if (internalPosition === undefined || internalQuery === undefined) return ''
  return pointAt(internalQuery, Number(internalPosition) - 1)
}

/** Characters of a line that are shown, and how many of them at least behind the place. */
const shownCharacters = 60
const leastBehind = 10

/**
 * The line of a text that a character is in, and below it a mark. A long line is cut.
 * Source: libpq, `reportErrorPosition` in fe-protocol3.c.
 */
function pointAt(text: string, index: number): string {
  const before = Array.from(text).slice(0, index).join('')
  const lines = text.split(/\r\n|\r|\n/)
  const number = before.split(/\r\n|\r|\n/).length
  const line = Array.from((lines[number - 1] ?? '').replaceAll('\t', ' '))
  const at = Array.from(before.split(/[\r\n]/).at(-1) ?? '').length
  let [from, to] = [0, line.length]
  if (line.length > shownCharacters) {
    if (shownCharacters >= at + leastBehind) to = shownCharacters
    else {
      to = Math.min(to, at + leastBehind)
      from = Math.max(0, to - shownCharacters)
    }
  }
  const prefix = `LINE ${number}: ${from > 0 ? '...' : ''}`
  const shown = line.slice(from, to).join('') + (to < line.length ? '...' : '')
  return `${prefix}${shown}\n${' '.repeat(prefix.length + at - from)}^\n`
}
