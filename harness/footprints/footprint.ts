import type { SqlValue } from '../databases/statement.ts'

/**
 * What a statement may touch, as far as its text tells: an upper bound, never a guess.
 *
 * - `everything`: it could not be told, so it conflicts with everything but what is `local`.
 * - `local`: nothing that others could see or be kept from: BEGIN, SAVEPOINT, a sleep.
 * - `commit`, `rollback`: whatever its transaction has touched, which its text does not say.
 * - `accesses`: these objects, and nothing else.
 */
export type Footprint =
  | { readonly kind: 'everything' }
  | { readonly kind: 'local' }
  | { readonly kind: 'commit' }
  | { readonly kind: 'rollback' }
  | { readonly kind: 'accesses'; readonly accesses: readonly Access[] }

export interface Access {
  readonly object: 'table' | 'sequence' | 'user lock'
  /** In lower case, without its schema; `undefined` for any object of that kind. */
  readonly name: string | undefined
  /**
   * - `read`: reads, and leaves no lock on what it has read.
   * - `lock`: reads and locks, as FOR UPDATE, FOR SHARE and GET_LOCK do.
   * - `write`: reads, locks and writes.
   */
  readonly mode: 'read' | 'lock' | 'write'
  /** Present where the statement calls one of its own subqueries by that name, with WITH. */
  readonly isSubquery?: true
  /**
   * Values of columns that every row it is about has; `undefined` for any rows. It says what the
   * statement means, and not what it locks: a database may lock other rows on the way to these.
   */
  readonly rows?: RowValues
  /** The columns that an UPDATE sets, none for a DELETE; `undefined` for what may set any. */
  readonly columns?: readonly string[]
}

/** Rows are meant that have all of these values in columns of these names. */
export type RowValues = Readonly<Record<string, SqlValue>>

export const everything: Footprint = { kind: 'everything' }
export const local: Footprint = { kind: 'local' }

/**
 * Whether two footprints of different actors may not commute, at the level of whole tables: unless
 * they certainly do, the answer is yes. What a COMMIT or ROLLBACK touches is not known here, so each
 * conflicts with everything that is not local.
 */
export function conflicts(one: Footprint, other: Footprint): boolean {
  if (one.kind === 'local' || other.kind === 'local') return false
  if (one.kind !== 'accesses' || other.kind !== 'accesses') return true
  return one.accesses.some((a) => other.accesses.some((b) => collide(a, b)))
}

/** Whether two accesses are to one object, and not both of them only read it. */
const collide = (a: Access, b: Access): boolean =>
  isSameObject(a, b) && (a.mode !== 'read' || b.mode !== 'read')

/** Whether they may be to one object. */
export const isSameObject = (a: Access, b: Access): boolean =>
  a.object === b.object && (a.name === undefined || b.name === undefined || a.name === b.name)

/**
 * Whether two accesses to one table may be about the same row. No row has two values in one column,
 * so they are not when they ask for different ones.
 */
export const mayMeet = (a: Access, b: Access): boolean =>
  isSameObject(a, b) && (!a.rows || !b.rows || mayBeOneRow(a.rows, b.rows))

/** Whether a row may have the values of both. */
export function mayBeOneRow(a: RowValues, b: RowValues): boolean {
  return !Object.entries(a).some(([column, value]) => {
    const wanted = b[column]
    return wanted !== undefined && certainlyDiffer(value, wanted)
  })
}

/** Up to here every column of numbers tells whole ones apart: it is what a REAL can hold. */
const mostExact = 2 ** 24

/** Columns convert what they are compared with, and collations may take different texts for equal. */
function certainlyDiffer(one: SqlValue, other: SqlValue): boolean {
  if (typeof one === 'number' && typeof other === 'number') {
    const areExact = [one, other].every(
      (each) => Number.isInteger(each) && Math.abs(each) <= mostExact,
    )
    return areExact && one !== other
  }
  if (typeof one !== 'string' || typeof other !== 'string') return false
  const areNames = isName.test(one) && isName.test(other) && one.length === other.length
  return areNames && one.toLowerCase() !== other.toLowerCase()
}

/**
 * Such texts are the same in every column only if they are equal: others may be written in several
 * ways, as `1` and `01` are one number, `t` and `y` both true, and `2026-1-1` is `2026-01-01`.
 */
const isName = /^[a-z](?:\w{3,}|[a-z_]*\d\w*)$/i
