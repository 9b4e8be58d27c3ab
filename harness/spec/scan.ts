import { UsageError } from '../errors.ts'

/** A word of a specification. */
export type Token = { readonly line: number } & (
  | { readonly kind: 'keyword'; readonly text: Keyword }
  | {
      readonly kind: 'identifier' | 'sql' | 'number' | 'punctuation' | 'end'
      readonly text: string
    }
)

const keywords = ['notices', 'permutation', 'session', 'setup', 'step', 'teardown'] as const
export type Keyword = (typeof keywords)[number]

/** Every blank but a line break. A line break inside of a block's braces belongs to the SQL. */
const blank = String.raw`[ \t\r\f\v]`

/** Tried in this order at every place. A block ends at its first `}`, wherever that stands. */
const rules = {
  blank: new RegExp(String.raw`(?:${blank}|\n)+`, 'y'),
  comment: /#[^\n\r]*/y,
  word: /[A-Za-z_\u0080-\uFFFF][A-Za-z_\u0080-\uFFFF0-9$]*/y,
  quoted: /"(?:[^"\n]|"")*"/y,
  sql: new RegExp(String.raw`\{${blank}*([^}]*?)${blank}*\}`, 'y'),
  number: /\d+/y,
  punctuation: /[,()*]/y,
} as const

/**
 * Takes a specification apart.
 *
 * @throws {UsageError} with the line, where it holds what is no word.
 */
export function scan(text: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  let line = 1
  while (at < text.length) {
    const [rule, found] = match(text, at, line)
    const token = tokenOf(rule, found, line)
    if (token) tokens.push(token)
    at += found[0].length
    line += found[0].split('\n').length - 1
  }
  tokens.push({ kind: 'end', text: '', line })
  return tokens
}

type Rule = keyof typeof rules

function match(text: string, at: number, line: number): readonly [Rule, RegExpExecArray] {
  for (const rule of Object.keys(rules) as Rule[]) {
    const pattern = rules[rule]
    pattern.lastIndex = at
    const found = pattern.exec(text)
    if (found) return [rule, found]
  }
  throw syntaxError(line, unreadable(text, at))
}

function unreadable(text: string, at: number): string {
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0)
  if (character === '{') return 'the "{" has no "}" that ends it'
  if (character === '"') return 'the quoted name is not closed on this line'
  return `"${character}" was not expected`
}

function tokenOf(rule: Rule, found: RegExpExecArray, line: number): Token | undefined {
  const [text, inner = ''] = found
  switch (rule) {
    case 'blank':
    case 'comment':
      return undefined
    case 'word': {
      const keyword = keywords.find((each) => each === text)
      return keyword ? { kind: 'keyword', text: keyword, line } : { kind: 'identifier', text, line }
    }
    case 'quoted':
      return { kind: 'identifier', text: text.slice(1, -1).replaceAll('""', '"'), line }
    case 'sql':
      return { kind: 'sql', text: inner, line }
    case 'number':
    case 'punctuation':
      return { kind: rule, text, line }
  }
}

export const syntaxError = (line: number, what: string): UsageError =>
  new UsageError(`The specification cannot be read: line ${line}: ${what}.`)
