/**
 * Where the parameters of a prepared statement stand.
 * Source: MySQL manual, 11.1.1 "String Literals", 11.2 "Schema Object Names", 11.7 "Comments".
 */

/**
 * The pieces of text between the placeholders.
 *
 * @param escapes whether a backslash in a text stands for what follows it
 */
export function splitAtPlaceholders(text: string, escapes: boolean): string[] {
  const parts: string[] = []
  let from = 0
  let at = 0
  while (at < text.length) {
    const next = skip(text, at, escapes)
    if (next > at) at = next
    else {
      if (text[at] === '?') {
        parts.push(text.slice(from, at))
        from = at + 1
      }
      at++
    }
  }
  return [...parts, text.slice(from)]
}

/** Where the literal, name or comment ends that begins here, if one does. */
function skip(text: string, at: number, escapes: boolean): number {
  switch (text.charAt(at)) {
    case "'":
    case '"':
      return endOfQuoted(text, at, escapes)
    case '`':
      return endOfQuoted(text, at, false)
    case '#':
      return endOfLine(text, at)
    case '-':
      return isDashes(text, at) ? endOfLine(text, at) : at
    case '/':
      return endOfComment(text, at)
    default:
      return at
  }
}

function endOfQuoted(text: string, at: number, escapes: boolean): number {
  const quote = text[at]
  for (let place = at + 1; place < text.length; place++) {
    if (escapes && text[place] === '\\') place++
    // Two of them stand for one; here they end one literal and begin another, which comes to the same.
    else if (text[place] === quote) return place + 1
  }
  return text.length
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end < 0 ? text.length : end + 1
}

/** Two dashes are a minus of a minus, unless there is something blank after them. */
const isDashes = (text: string, at: number): boolean =>
  text[at + 1] === '-' && (at + 2 === text.length || text.charCodeAt(at + 2) <= 0x20)

/** What is in a comment like that is carried out. */
const carriedOut = /^\/\*M?!/

function endOfComment(text: string, at: number): number {
  if (text[at + 1] !== '*' || carriedOut.test(text.slice(at, at + 4))) return at
  const end = text.indexOf('*/', at + 2)
  return end < 0 ? text.length : end + 2
}
