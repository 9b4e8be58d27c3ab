import { statement, type SqlValue, type Statement } from '../../statement.ts'
import { BoundedMap } from '../bounded-map.ts'
import { splitAtPlaceholders } from './placeholders.ts'

/** More texts than an application has that writes its parameters apart, and as much as they hold. */
const mostTexts = 1_000
const mostCharacters = 4_000_000

/** Gives the same pieces for the same text, as what is known of a statement is kept by its pieces. */
class PartsCache {
  readonly #known = new BoundedMap<readonly string[]>(mostTexts, mostCharacters, charactersOf)

  of(text: string, split: () => readonly string[]): readonly string[] {
    const known = this.#known.get(text)
    if (known) return known
    const parts = split()
    this.#known.set(text, parts)
    return parts
  }
}

const charactersOf = (parts: readonly string[]): number =>
  parts.reduce((sum, { length }) => sum + length, 0)

const whole = new PartsCache()
const escaped = new PartsCache()
const unescaped = new PartsCache()
const repeated = new PartsCache()

/** A statement with everything in its text. */
export const plainStatement = (text: string): Statement => statement(whole.of(text, () => [text]))

/** The pieces of a prepared statement's text. */
export const partsOf = (text: string, escapes: boolean): readonly string[] =>
  (escapes ? escaped : unescaped).of(text, () => splitAtPlaceholders(text, escapes))

/** A prepared statement with its parameters. */
export function preparedStatement(
  text: string,
  params: readonly SqlValue[],
  escapes: boolean,
): Statement {
  const parts = partsOf(text, escapes)
  if (parts.length === params.length + 1) return statement(parts, params)
  // In a way of writing that is not known here (ANSI_QUOTES) the places are not where they seem to be.
  return statement(
    repeated.of(`${params.length} ${text}`, () => atTheEnd(text, params.length)),
    params,
  )
}

function atTheEnd(text: string, count: number): string[] {
  if (count === 0) return [text]
  return [`${text} /* with `, ...Array.from({ length: count - 1 }, () => ', '), ' */']
}

/** A prepared statement that is carried out once for each row of parameters. */
export function repeatedStatement(
  text: string,
  rows: readonly (readonly SqlValue[])[],
  escapes: boolean,
): Statement {
  const parts = partsOf(text, escapes)
  if (rows.some((row) => row.length !== parts.length - 1)) return plainStatement(text)
  return statement(
    repeated.of(`${rows.length} times ${text}`, () => timesOver(parts, rows.length)),
    rows.flat(),
  )
}

/** The text as often as that, one after the other. */
function timesOver(parts: readonly string[], times: number): string[] {
  const pieces = [...parts]
  for (let done = 1; done < times; done++) {
    const [first = '', ...rest] = parts
    pieces.push(`${pieces.pop() ?? ''}; ${first}`, ...rest)
  }
  return pieces
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** What nearly every client speaks is UTF-8; whatever else it is, each byte has a letter. */
export function textOf(bytes: Buffer): string {
  try {
    return utf8.decode(bytes)
  } catch {
    return bytes.toString('latin1')
  }
}
