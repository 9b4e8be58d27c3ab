import { isConfined, statementsOf } from './confinement.ts'
import { permutationsOf } from './permutations.ts'
import { textsOf, type Permutation, type Spec } from './spec.ts'

/**
 * How the tables that a setup has made can be used again with other rows, instead of being dropped and
 * made anew for every permutation.
 *
 * No statement of a confined specification (see `isConfined`) can tell, as long as rows lie in the order
 * in which they were inserted. In a page with room they do: what is deleted keeps its place until the
 * page is nearly full and PostgreSQL makes room. So tables are made anew well before that. There is
 * nothing else to see of their age: nobody is in a transaction when rows are replaced, nobody analyses or
 * vacuums them, and the planner takes every table that never was for one of ten pages.
 * Source: PostgreSQL, `heap_page_prune_opt` in pruneheap.c, and `table_block_relation_estimate_size` in
 * tableam.c.
 */
export interface Keeping {
  /** Removes all rows and inserts those of the setup. */
  readonly restore: string
  /** Permutations for which tables may be used before they are made anew: at least 2. */
  readonly permutations: number
}

/** Bytes of a page that may be used: PostgreSQL makes room when fewer than 819 of 8192 are left. */
const usableBytes = 6500
/** Bytes of a row besides its values: its header and its line pointer, and what aligns it. */
const rowBytes = 40
/** More than a value takes that is not written out, such as a number or a moment. */
const valueBytes = 16

/** How the tables can be kept, or undefined where they must be made anew each time. */
export function keepingOf(spec: Spec): Keeping | undefined {
  if (!isConfined(spec) || spec.teardown === undefined) return undefined
  const setup = spec.setups.flatMap(statementsOf)
  const definitions = setup.filter((each) => tableMade(each) !== undefined)
  const tables = definitions.map((each) => tableMade(each) ?? '')
  const insertions = setup.filter((each) => insertsValues.test(each))
  const isPlain =
    definitions.length + insertions.length === setup.length &&
    definitions.every((each) => !odd.test(each)) &&
    dropsAll(spec.teardown, tables) &&
    textsOf(spec)
      .flatMap(statementsOf)
      .every((each) => isBounded(each, tables))
  if (!isPlain) return undefined
  const permutations = Math.floor(usableBytes / mostBytes(spec, definitions, insertions))
  if (permutations < 2) return undefined
  const deletions = tables.toReversed().map((table) => `DELETE FROM ${table}`)
  return { restore: [...deletions, ...insertions].join(';'), permutations }
}

const tableMade = (statement: string): string | undefined =>
  /^create\s+table\s+([a-z_]\w*)\s*\(/i.exec(statement)?.[1]

const insertsValues = /^insert\s+into\s+[a-z_]\w*\s*(\([\w\s,]+\)\s*)?values\b/i

/** What makes values or rows that are not written, or keeps a row from being removed alone. */
const odd =
  /\b(\w*serial\d?|generated|identity|char\w*|bpchar|name|bit|on\s+(delete|update)|inherits|partition|like|as|with)\b/i

/**
 * Whether the statement writes no row that is longer than what is written out in it: it computes nothing
 * long, and inserts values only.
 */
function isBounded(statement: string, tables: readonly string[]): boolean {
  if (/^with\b|\|\|/i.test(statement)) return false
  if (/^insert\b/i.test(statement) && !insertsValues.test(statement)) return false
  return [...statement.matchAll(/([a-z_]\w*)\s*\(/gi)].every(
    ([, word = '']) => harmless.test(word) || tables.includes(word),
  )
}

/** Words that may stand before a parenthesis: none computes a value that is longer than others. */
const harmless =
  /^(values|in|exists|any|all|and|or|not|where|on|key|unique|check|using|conflict|do|set|select|from|join|by|count|sum|min|max|coalesce|greatest|least|abs|mod)$/i

/** Whether the teardown drops those tables and does nothing else. */
function dropsAll(teardown: string, tables: readonly string[]): boolean {
  const dropped = statementsOf(teardown).flatMap(
    (each) => /^drop\s+table\s+([\w\s,]+)$/i.exec(each)?.[1]?.split(',') ?? [''],
  )
  return setOf(dropped.map((name) => name.trim())) === setOf(tables)
}

const setOf = (names: readonly string[]): string => names.toSorted().join()

/** The most bytes that one permutation and its setup can write, in all tables together. */
function mostBytes(
  spec: Spec,
  definitions: readonly string[],
  insertions: readonly string[],
): number {
  const longest = Math.max(
    ...textsOf(spec)
      .flatMap(statementsOf)
      .map(({ length }) => length),
  )
  const columns = Math.max(...definitions.map((each) => each.split(',').length))
  const perRow = rowBytes + columns * valueBytes + longest
  const initial = sum(insertions.map(tuples))
  const permutations = spec.permutations ?? permutationsOf(spec).take(1)
  const rows = Math.max(...Array.from(permutations, (each) => initial + mostRows(each, initial)))
  return perRow * Math.max(rows, 1)
}

/** The most rows that a permutation can write: one that changes rows can change all there are. */
function mostRows(permutation: Permutation, initial: number): number {
  const statements = permutation.flatMap(({ step }) => statementsOf(step.sql))
  const inserted = sum(statements.filter((each) => /^insert\b/i.test(each)).map(tuples))
  const merged = statements.filter((each) => /^merge\b/i.test(each)).length
  const most = initial + inserted + merged
  const changes = statements.filter((each) => /^(update|merge)\b|\bon\s+conflict\b/i.test(each))
  return inserted + merged + changes.length * most
}

/** At least as many rows as an INSERT has: each ends with a parenthesis. */
const tuples = (insertion: string): number => insertion.split(')').length - 1

const sum = (numbers: readonly number[]): number =>
  numbers.reduce((total, number) => total + number, 0)
