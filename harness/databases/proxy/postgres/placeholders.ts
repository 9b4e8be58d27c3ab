/** Where `$n` stands in a text, as PostgreSQL's scanner sees it. */
export interface Placeholder {
  /** Of the first character, and of the one after the last. */
  readonly start: number
  readonly end: number
  /** The n: from 1. */
  readonly number: number
}

/**
 * The parameters of a statement, in the order of the text. What looks like one in a string, a quoted
 * identifier, a comment or an identifier is none. Takes standard_conforming_strings to be on.
 * Source: PostgreSQL manual, 4.1 "Lexical Structure"; the scanner in parser/scan.l.
 */
export function findPlaceholders(text: string): Placeholder[] {
  const found: Placeholder[] = []
  let at = 0
  while (at < text.length) {
    const number = numberAt(text, at)
    const end = number === undefined ? endOfToken(text, at) : at + 1 + number.length
    if (number !== undefined) found.push({ start: at, end, number: Number(number) })
    at = end
  }
  return found
}

const digits = /\d+/y

/** The digits of the `$n` there, if it is one. */
function numberAt(text: string, at: number): string | undefined {
  if (text[at] !== '$') return undefined
  digits.lastIndex = at + 1
  return digits.exec(text)?.[0]
}

/** Where whatever begins there ends. Everything that no parameter can hide in is a token of one character. */
function endOfToken(text: string, at: number): number {
  const two = text.slice(at, at + 2)
  if (two === '--') return endOfLine(text, at)
  if (two === '/*') return endOfComment(text, at)
  if (two === "e'" || two === "E'") return endOfEscapeString(text, at + 2)
  const mark = text.charAt(at)
  if (mark === "'" || mark === '"') return after(text, mark, at + 1)
  return mark === '$' ? endOfDollarQuote(text, at) : endOfWord(text, at)
}

/** Behind the next such mark, or at the end. A mark that is doubled begins another string, to the same effect. */
function after(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from)
  return found === -1 ? text.length : found + mark.length
}

const lineEnd = /[\n\r]|$/g

function endOfLine(text: string, at: number): number {
  lineEnd.lastIndex = at
  return lineEnd.exec(text)?.index ?? text.length
}

const commentMark = /\/\*|\*\//g

/** Comments nest. */
function endOfComment(text: string, at: number): number {
  commentMark.lastIndex = at
  let depth = 0
  for (let mark = commentMark.exec(text); mark; mark = commentMark.exec(text)) {
    depth += mark[0] === '/*' ? 1 : -1
    if (depth === 0) return commentMark.lastIndex
  }
  return text.length
}

const escapeOrEnd = /\\[^]|'/g
const blanks = /\s*/y

/** A string in which a backslash stands for itself and the next character. It goes on after a line's end. */
function endOfEscapeString(text: string, from: number): number {
  escapeOrEnd.lastIndex = from
  for (let mark = escapeOrEnd.exec(text); mark; mark = escapeOrEnd.exec(text)) {
    if (mark[0] !== "'") continue
    const end = escapeOrEnd.lastIndex
    const next = text[end] === "'" ? end + 1 : endOfContinuation(text, end)
    if (next === undefined) return end
    escapeOrEnd.lastIndex = next
  }
  return text.length
}

function endOfContinuation(text: string, at: number): number | undefined {
  blanks.lastIndex = at
  const between = blanks.exec(text)?.[0] ?? ''
  const end = at + between.length
  return text[end] === "'" && /[\n\r]/.test(between) ? end + 1 : undefined
}

const dollarTag = /\$(?:[A-Za-z_\u{80}-\u{10ffff}][\w\u{80}-\u{10ffff}]*)?\$/uy

function endOfDollarQuote(text: string, at: number): number {
  dollarTag.lastIndex = at
  const tag = dollarTag.exec(text)?.[0]
  return tag === undefined ? at + 1 : after(text, tag, at + tag.length)
}

/** An identifier may hold dollars. */
const word = /[A-Za-z_\u{80}-\u{10ffff}][\w$\u{80}-\u{10ffff}]*|[^]/uy

function endOfWord(text: string, at: number): number {
  word.lastIndex = at
  word.exec(text)
  return Math.max(word.lastIndex, at + 1)
}
