import type { SqlValue, Statement } from '../../statement.ts'
import { BoundedMap } from '../bounded-map.ts'
import { findPlaceholders } from './placeholders.ts'

/** A text as it was sent, and the values of its `$n`, in their order. */
export interface BoundText {
  readonly text: string
  readonly values: readonly SqlValue[]
  /** What keeps the text, if it is likely to come again: then it need not be looked up. */
  readonly keeper?: TemplateKeeper
}

/** Stands for one text, and keeps what is known of it. */
export interface TemplateKeeper {
  template?: Template
}

/** A text without its parameters, and which of them stand between its parts, by their number from 0. */
export interface Template {
  /** Values that it is for. */
  readonly count: number
  readonly parts: readonly string[]
  readonly order: readonly number[]
}

const mostTexts = 1_000
const mostCharacters = 4_000_000

/**
 * Takes texts apart at their parameters. The same text has the same `parts`, the very same array, as long
 * as it is among those that were kept.
 */
export class Templates {
  readonly #known = new BoundedMap<Template>(mostTexts, mostCharacters, charactersOf)

  /** What is executed in one round trip, the texts one after the other. */
  statementOf(bound: readonly BoundText[]): Statement {
    const [first, ...others] = bound
    const isOne = first && others.length === 0
    const { parts, order } = isOne ? this.#templateOf(first) : this.#lookUp(bound)
    const values = isOne ? first.values : bound.flatMap((each) => each.values)
    return { parts, params: order.map((index) => values[index] ?? null) }
  }

  #templateOf(bound: BoundText): Template {
    const { keeper, values } = bound
    if (!keeper) return this.#lookUp([bound])
    const kept = keeper.template
    if (kept?.count === values.length) return kept
    return (keeper.template = this.#lookUp([bound]))
  }

  #lookUp(bound: readonly BoundText[]): Template {
    const key = bound.map(({ text, values }) => `${values.length} ${text}`).join('\0')
    const known = this.#known.get(key)
    if (known) return known
    const template = join(bound)
    this.#known.set(key, template)
    return template
  }
}

function join(bound: readonly BoundText[]): Template {
  const parts: string[] = ['']
  const order: number[] = []
  let offset = 0
  for (const [index, { text, values }] of bound.entries()) {
    const own = takeApart(text, values.length)
    const [first = '', ...others] = own.parts
    parts[parts.length - 1] += index === 0 ? first : `${separatorAfter(bound[index - 1])}${first}`
    parts.push(...others)
    order.push(...own.order.map((number) => number + offset))
    offset += values.length
  }
  return { count: offset, parts, order }
}

/** A comment at the end of a text must not take the next one into it. */
const separatorAfter = (before: BoundText | undefined): string =>
  before?.text.includes('--') === true ? '\n; ' : '; '

/** With a `$n` for which there is no value, the server refuses it: then it is shown as it is. */
function takeApart(text: string, count: number): Omit<Template, 'count'> {
  const places = count === 0 ? [] : findPlaceholders(text)
  if (places.some(({ number }) => number < 1 || number > count)) return { parts: [text], order: [] }
  const ends = [0, ...places.map(({ end }) => end)]
  const starts = [...places.map(({ start }) => start), text.length]
  const parts = ends.map((end, index) => text.slice(end, starts[index]))
  return { parts, order: places.map(({ number }) => number - 1) }
}

const charactersOf = ({ parts, order }: Template): number =>
  parts.reduce((sum, part) => sum + part.length, order.length)
