import { showLiteral } from '../databases/statement.ts'
import { mayBeOneRow, type RowValues } from './footprint.ts'

/** Some rows of an object, or all of it. */
type Region = readonly RowValues[] | 'all'

/**
 * What a part of a run reads and writes, in the widest sense: everything that it depends on, and
 * everything that others can notice of it. Two parts commute when neither writes what the other reads
 * or writes.
 *
 * Objects are named by text. Besides tables there are some that stand for what the run as a whole
 * shows: see `transitions.ts`.
 */
export class Effects {
  readonly #reads = new Map<string, Region>()
  readonly #writes = new Map<string, Region>()
  #touchesEverything = false

  /** @param rows only those of the object that have these values. */
  read(object: string, rows?: RowValues): void {
    add(this.#reads, object, rows)
  }

  /** @param rows only those of the object that have these values. */
  write(object: string, rows?: RowValues): void {
    add(this.#writes, object, rows)
  }

  /** It is not known what it touches. */
  touchEverything(): void {
    this.#touchesEverything = true
  }

  conflictsWith(other: Effects): boolean {
    if (this.#touchesEverything || other.#touchesEverything) return true
    return (
      overlap(this.#writes, other.#writes) ||
      overlap(this.#writes, other.#reads) ||
      overlap(this.#reads, other.#writes)
    )
  }

  /** As text, the same for the same effects. */
  toString(): string {
    if (this.#touchesEverything) return 'everything'
    const reads = [...this.#reads].filter(([object]) => this.#writes.get(object) !== 'all')
    return [
      ...reads.map(([object, region]) => `reads ${object}${describe(region)}`),
      ...[...this.#writes].map(([object, region]) => `writes ${object}${describe(region)}`),
    ]
      .toSorted()
      .join(', ')
  }
}

function add(regions: Map<string, Region>, object: string, rows: RowValues | undefined): void {
  const before = regions.get(object) ?? []
  regions.set(object, rows && before !== 'all' ? [...before, rows] : 'all')
}

function overlap(some: ReadonlyMap<string, Region>, others: ReadonlyMap<string, Region>): boolean {
  for (const [object, region] of some) {
    const other = others.get(object)
    if (other && mayMeet(region, other)) return true
  }
  return false
}

const mayMeet = (a: Region, b: Region): boolean =>
  a === 'all' || b === 'all' || a.some((one) => b.some((other) => mayBeOneRow(one, other)))

function describe(region: Region): string {
  if (region === 'all') return ''
  const rows = region.map((each) =>
    Object.entries(each)
      .map(([column, value]) => `${column} = ${showLiteral(value)}`)
      .join(' and '),
  )
  return ` where ${[...new Set(rows)].toSorted().join(' or ')}`
}
