import type { EngineName } from '../databases/engine-name.ts'
import type { SqlValue, Statement } from '../databases/statement.ts'
import { columnOf, equalities, footprintOf, nameOf } from '../footprints/footprint-of.ts'
import { nodesOf, parse, valueOf, type Node } from '../footprints/parse.ts'

/** Values that columns of a row have, as far as they are known. */
export type Values = Readonly<Record<string, SqlValue>>

/** What a statement does with the rows of one table. */
export interface Operation {
  readonly table: string
  readonly action: 'read' | 'insert' | 'update' | 'delete'
  /** Values that every row it is about has; for an insert, those of the new row. */
  readonly where: Values
  /**
   * Whether it is about all rows with these values, and no other condition tells them apart; for an
   * insert, whether it makes one new row and these values are its own.
   */
  readonly isExact: boolean
  /** Columns whose values it reads, in conditions or otherwise; `all` where they are not known. */
  readonly reads: ReadonlySet<string> | 'all'
  /** Columns that it sets. Rows that come and go do so with all their columns. */
  readonly writes: ReadonlySet<string> | 'all'
  /** Whether it locks what it reads. Whatever writes does. */
  readonly locks: boolean
  /** Whether it leaves out rows that others have locked, and so does not see them. */
  readonly skipsLocked: boolean
  /** Whether it returns each of these rows: not so where it counts them or leaves some out. */
  readonly returnsThem: boolean
  /** Whether it is not known which rows it is about, as the statement is about several tables. */
  readonly isVague: boolean
}

/** What a statement does, or that it cannot be told. */
export type Effect =
  | { readonly kind: 'operations'; readonly operations: readonly Operation[] }
  | { readonly kind: 'begin' | 'commit' | 'rollback' }
  | { readonly kind: 'unknown' }

/** What the statement does with rows. Locks on names, and sequences, are nothing that is read. */
export function effectOf(statement: Statement, engine: EngineName): Effect {
  const effect = effectOfAll(statement, engine)
  const skipsLocked = /\bskip\s+locked\b/i.test(statement.parts.join(' '))
  if (effect.kind !== 'operations' || !skipsLocked) return effect
  const operations = effect.operations.map((each) => ({ ...each, skipsLocked, returnsThem: false }))
  return { kind: 'operations', operations }
}

function effectOfAll(statement: Statement, engine: EngineName): Effect {
  const footprint = footprintOf(statement, engine)
  if (footprint.kind === 'everything') return { kind: 'unknown' }
  if (footprint.kind === 'local') return { kind: 'begin' }
  if (footprint.kind !== 'accesses') return { kind: footprint.kind }
  const accesses = footprint.accesses.filter(({ object }) => object === 'table')
  if (accesses.length === 0) return { kind: 'operations', operations: [] }
  const parsed = parse(statement, engine)
  if (parsed === 'unparsable') return { kind: 'unknown' }
  const { ast } = parsed
  const [only, ...others] = accesses
  const isPlain =
    others.length === 0 &&
    !ast['with'] &&
    !ast['_next'] &&
    !nodesOf(ast).some((node) => node !== ast && 'ast' in node)
  if (only && isPlain) {
    const table = only.name ?? ''
    return { kind: 'operations', operations: plain(ast, table, only.mode, statement.params) }
  }
  // A table that is written may be read in the same statement, too.
  return {
    kind: 'operations',
    operations: accesses.flatMap(({ name = '', mode }): Operation[] => {
      const read = vague(name, 'read', mode !== 'read')
      return mode === 'write' ? [read, vague(name, actionOf(ast), true)] : [read]
    }),
  }
}

type Mode = 'read' | 'lock' | 'write'

function plain(
  ast: Node,
  table: string,
  mode: Mode,
  params: readonly SqlValue[],
): readonly Operation[] {
  if (mode !== 'write') return [readOf(ast, table, mode === 'lock', params)]
  const action = actionOf(ast)
  if (action === 'insert') return inserts(ast, table, params)
  const where = equalities(ast['where'], params)
  const set = Array.isArray(ast['set']) ? (ast['set'] as Node[]) : []
  const values = set.map(({ value }) => value)
  return [
    {
      table,
      action,
      where,
      isExact: isAllEqualities(ast['where'], params) && !isLimited(ast),
      reads: columnsIn([ast['where'], values]),
      writes: action === 'delete' ? 'all' : columnsSet(set),
      locks: true,
      skipsLocked: false,
      returnsThem: false,
      isVague: false,
    },
  ]
}

function readOf(ast: Node, table: string, locks: boolean, params: readonly SqlValue[]): Operation {
  return {
    table,
    action: 'read',
    where: equalities(ast['where'], params),
    isExact: isAllEqualities(ast['where'], params) && !isLimited(ast) && !ast['having'],
    reads: columnsIn([ast['columns'], ast['where'], ast['groupby'], ast['orderby'], ast['having']]),
    writes: new Set(),
    locks,
    skipsLocked: false,
    returnsThem: !isSummary(ast),
    isVague: false,
  }
}

/** A new row; and where it may give way to one that is there, a look at those. */
function inserts(ast: Node, table: string, params: readonly SqlValue[]): readonly Operation[] {
  const row = newRow(ast, params)
  const insert: Operation = row
    ? {
        table,
        action: 'insert',
        where: row,
        isExact: true,
        reads: new Set(),
        writes: 'all',
        locks: true,
        skipsLocked: false,
        returnsThem: false,
        isVague: false,
      }
    : vague(table, 'insert', true)
  if (ast['type'] === 'replace' || ast['on_duplicate_update'] || updatesOnConflict(ast)) {
    return (['read', 'insert', 'update'] as const).map((action) => vague(table, action, true))
  }
  const { prefix } = ast
  const gives = ast['conflict'] || (typeof prefix === 'string' && /ignore/i.test(prefix))
  return gives ? [vague(table, 'read', true), insert] : [insert]
}

function updatesOnConflict({ conflict }: Node): boolean {
  return (
    nodesOf(conflict).some(({ value }) => value === 'update' || value === 'do update') ||
    nodesOf(conflict).some((node) => Array.isArray(node['set']))
  )
}

function newRow(ast: Node, params: readonly SqlValue[]): Values | undefined {
  const { columns, values } = ast
  const lists = (values as Node | null | undefined)?.['values']
  if (!Array.isArray(columns) || !Array.isArray(lists) || lists.length !== 1) return undefined
  const row = (lists[0] as Node)['value']
  if (!Array.isArray(row)) return undefined
  const entries = columns.flatMap((each, place) => {
    const [column, value] = [nameOf(each), valueOf(row[place], params)]
    return column === undefined || value === undefined ? [] : [[column, value] as const]
  })
  return Object.fromEntries(entries)
}

const vague = (table: string, action: Operation['action'], locks: boolean): Operation => ({
  table,
  action,
  where: {},
  isExact: false,
  reads: action === 'read' ? 'all' : new Set(),
  writes: action === 'read' ? new Set() : 'all',
  locks,
  skipsLocked: false,
  returnsThem: false,
  isVague: true,
})

const actionOf = ({ type }: Node): 'insert' | 'update' | 'delete' =>
  type === 'update' || type === 'delete' ? type : 'insert'

function isAllEqualities(where: unknown, params: readonly SqlValue[]): boolean {
  if (where === null || where === undefined) return true
  const { type, operator, left, right } = where as Node
  if (type !== 'binary_expr') return false
  if (operator === 'AND') return isAllEqualities(left, params) && isAllEqualities(right, params)
  return Object.keys(equalities(where, params)).length === 1
}

/** Whether it returns something else than the rows that it finds. */
function isSummary(ast: Node): boolean {
  const distinct = nodesOf(ast['distinct']).some(({ type }) => type === 'DISTINCT')
  return (
    distinct ||
    ast['distinct'] === 'DISTINCT' ||
    !isNothing(ast['groupby']) ||
    nodesOf(ast['columns']).some(({ type }) => type === 'aggr_func')
  )
}

const isNothing = (clause: unknown): boolean => clause === null || clause === undefined

function isLimited({ limit }: Node): boolean {
  const { value } = (limit ?? {}) as Node
  return Array.isArray(value) && value.length > 0
}

/** Whether one of them is among the others. */
export const share = (
  one: ReadonlySet<string> | 'all',
  other: ReadonlySet<string> | 'all',
): boolean => one === 'all' || other === 'all' || [...one].some((column) => other.has(column))

function columnsIn(tree: unknown): ReadonlySet<string> | 'all' {
  const columns = new Set<string>()
  for (const node of nodesOf(tree)) {
    const column = columnOf(node)
    if (column === '*') return 'all'
    if (column !== undefined) columns.add(column)
  }
  return columns
}

function columnsSet(set: readonly Node[]): ReadonlySet<string> | 'all' {
  const names = set.map(({ column }) => nameOf(column))
  return names.every((name) => name !== undefined) ? new Set(names) : 'all'
}
