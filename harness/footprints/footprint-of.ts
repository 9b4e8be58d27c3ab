import type { EngineName } from '../databases/engine-name.ts'
import type { SqlValue, Statement } from '../databases/statement.ts'
import type { Step } from '../session.ts'
import { conflicts, everything, local, type Access, type Footprint } from './footprint.ts'
import { harmless, sequences, userLocks } from './functions.ts'
import { nodesOf, parse, valueOf, type Node, type Parsed } from './parse.ts'

/**
 * What a statement may touch. The text is parsed once for each template, and the parameters are then
 * put in. Whatever is not understood is `everything`.
 *
 * It is the statement alone that is looked at. Foreign keys, triggers, views and functions of the
 * schema can make it touch more: see `isTangled`.
 */
export function footprintOf(statement: Statement, engine: EngineName): Footprint {
  const byParams = known[engine].get(statement.parts) ?? new Map<string, Footprint>()
  known[engine].set(statement.parts, byParams)
  const key = JSON.stringify(statement.params)
  let footprint = byParams.get(key)
  if (!footprint) {
    footprint = foundIn(statement, engine)
    if (byParams.size >= mostKnown) byParams.clear()
    byParams.set(key, footprint)
  }
  return footprint
}

/** Footprints by template and parameters: the same statements come again in every run. */
const known = {
  postgres: new WeakMap<readonly string[], Map<string, Footprint>>(),
  mysql: new WeakMap<readonly string[], Map<string, Footprint>>(),
  mariadb: new WeakMap<readonly string[], Map<string, Footprint>>(),
} as const satisfies Record<EngineName, unknown>

/** Of one template. */
const mostKnown = 1_000

function foundIn(statement: Statement, engine: EngineName): Footprint {
  const control = transactionControl(statement)
  if (control) return control
  const parsed = parse(statement, engine)
  return parsed === 'unparsable' ? everything : accessesOf(parsed, statement.params, engine)
}

/** What an actor's step may touch. A kind of step that is not known may touch everything. */
export function footprintOfStep(step: Step, engine: EngineName): Footprint {
  switch (step.kind) {
    case 'statement':
    case 'phase': // each half may touch what the whole may
      return footprintOf(step.statement, engine)
    case 'sleep':
      return local
    default:
      return everything
  }
}

/** Whether the order of two pending steps of different actors may matter, at the level of tables. */
export const mayConflict = (one: Step, other: Step, engine: EngineName): boolean =>
  conflicts(footprintOfStep(one, engine), footprintOfStep(other, engine))

/** What begins, ends or divides a transaction, and nothing besides. */
const controls: readonly (readonly [RegExp, Footprint])[] = [
  [
    /^(?:begin|start\s+transaction)(?:\s+(?:work|transaction))?(?:\s+isolation\s+level\s+(?:read\s+uncommitted|read\s+committed|repeatable\s+read|serializable))?$/,
    local,
  ],
  [
    /^set\s+transaction\s+isolation\s+level\s+(?:read\s+uncommitted|read\s+committed|repeatable\s+read|serializable)$/,
    local,
  ],
  [/^savepoint\s+\w+$/, local],
  [/^(?:commit|end)(?:\s+(?:work|transaction))?$/, { kind: 'commit' }],
  [
    /^(?:rollback|abort)(?:\s+(?:work|transaction))?(?:\s+to(?:\s+savepoint)?\s+\w+)?$/,
    { kind: 'rollback' },
  ],
  [/^release(?:\s+savepoint)?\s+\w+$/, local],
]

function transactionControl({ parts }: Statement): Footprint | undefined {
  if (parts.length > 1) return undefined
  const text = parts[0]?.trim().replace(/\s*;$/, '').toLowerCase() ?? ''
  return controls.find(([pattern]) => pattern.test(text))?.[1]
}

function accessesOf(parsed: Parsed, params: readonly SqlValue[], engine: EngineName): Footprint {
  const { ast } = parsed
  const writes = ast['type'] !== 'select'
  if (!['select', 'insert', 'replace', 'update', 'delete'].includes(String(ast['type']))) {
    return everything
  }
  if (nodesOf(ast).some((node) => createsTable(node) || readsServer(node))) return everything
  const mayWriteAny = writes && isOfSeveralTables(ast)
  const named = new Set([...nodesOf(ast)].flatMap(subqueryNames))
  const accesses: Access[] = []
  for (const each of parsed.tables) {
    const [action = '', , text = ''] = each.split('::')
    const name = text.toLowerCase()
    if (misread.has(name) || name === '') return everything
    // InnoDB locks what a writing statement reads; see "Locks Set by Different SQL Statements".
    const locks = parsed.locks || (writes && engine !== 'postgres')
    const mode = action !== 'select' || mayWriteAny ? 'write' : locks ? 'lock' : 'read'
    accesses.push({
      object: 'table',
      name,
      mode,
      ...(named.has(name) && { isSubquery: true as const }),
    })
  }
  for (const node of nodesOf(ast)) {
    if (node['type'] !== 'function') continue
    const access = callOf(node, params, engine)
    if (access === 'unknown') return everything
    if (access) accesses.push(access)
  }
  const [only, ...others] = accesses
  if (!only || others.length > 0) return { kind: 'accesses', accesses }
  const [rows, columns] = [rowsOf(ast, params), columnsOf(ast)]
  const access = { ...only, ...(rows && { rows }), ...(columns && { columns }) }
  return { kind: 'accesses', accesses: [access] }
}

/** SELECT … INTO makes a table of what was selected. */
const createsTable = ({ into }: Node): boolean =>
  typeof into === 'object' && into !== null && (into as Node)['position'] !== null

/** UPDATE or DELETE of joined tables may write any of them: the parser does not always say which. */
function isOfSeveralTables({ type, table, from }: Node): boolean {
  if (type === 'insert' || type === 'replace') return false
  const [tables, sources] = [table, from].map((list) => (Array.isArray(list) ? list.length : 0))
  return type === 'update'
    ? Number(tables) + Number(sources) > 1
    : Math.max(Number(tables), Number(sources)) > 1
}

/** A variable of the server's, which others may set. Those with one `@` are the session's own. */
const readsServer = ({ type, prefix }: Node): boolean => type === 'var' && prefix === '@@'

/** What WITH calls its subqueries. */
const subqueryNames = (node: Node): string[] =>
  Array.isArray(node['with']) ? node['with'].flatMap(({ name }: Node) => nameOf(name) ?? []) : []

/** Words that the parser takes for a table where the database does not. */
const misread: ReadonlySet<string> = new Set(['only', 'lateral', 'table', 'rows', 'unnest'])

function callOf(
  node: Node,
  params: readonly SqlValue[],
  engine: EngineName,
): Access | 'unknown' | undefined {
  const name = functionName(node)
  if (harmless.has(name)) return undefined
  const [first, ...rest] = argumentsOf(node).map((each) => valueOf(each, params))
  if (sequences.has(name)) {
    const sequence = typeof first === 'string' && /^[a-z_]\w*$/i.test(first) ? first : undefined
    return { object: 'sequence', name: sequence?.toLowerCase(), mode: 'write' }
  }
  if (!userLocks.has(name)) return 'unknown'
  // PostgreSQL knows a lock by all its numbers. Elsewhere what follows is how long to wait for it.
  const key = engine === 'postgres' ? [first, ...rest] : [first]
  // Whole numbers are what they are; a text may be equal to another one, or have the same hash.
  const isPlain = key.every((each) => typeof each === 'number')
  return { object: 'user lock', name: isPlain ? key.join() : undefined, mode: 'lock' }
}

/** In lower case; empty where it has a schema, or no plain name. */
function functionName(node: Node): string {
  const { name } = (node['name'] ?? {}) as Node
  const [only, ...others] = Array.isArray(name) ? (name as Node[]) : []
  if (others.length > 0 || (node['name'] as Node | undefined)?.['schema']) return ''
  return typeof only?.['value'] === 'string' ? only['value'].toLowerCase() : ''
}

function argumentsOf(node: Node): readonly unknown[] {
  const list = (node['args'] as Node | null | undefined)?.['value']
  return Array.isArray(list) ? list : []
}

/** Which rows a statement on one table is about, when it says so by plain equality. */
function rowsOf(ast: Node, params: readonly SqlValue[]): Access['rows'] {
  const isNested = nodesOf(ast).some((node) => node !== ast && 'ast' in node)
  // Several tables, or one several times.
  if (isNested || ast['with'] || ast['_next'] || isOfSeveralTables(ast)) return undefined
  const rows =
    ast['type'] === 'insert' ? insertedRow(ast, params) : equalities(ast['where'], params)
  for (const column of changedColumns(ast)) delete rows[column]
  return Object.keys(rows).length > 0 ? rows : undefined
}

/** Columns that a condition asks to be equal to a value, in every row that it is true of. */
export function equalities(where: unknown, params: readonly SqlValue[]): Record<string, SqlValue> {
  const { type, operator, left, right } = (where ?? {}) as Node
  if (type !== 'binary_expr') return {}
  if (operator === 'AND') return { ...equalities(left, params), ...equalities(right, params) }
  if (operator !== '=') return {}
  const column = columnOf(left) ?? columnOf(right)
  const value = valueOf(columnOf(left) === undefined ? left : right, params)
  return column === undefined || value === undefined ? {} : { [column]: value }
}

/** The column that an expression is, in lower case. */
export function columnOf(expression: unknown): string | undefined {
  const { type, column } = (expression ?? {}) as Node
  if (type !== 'column_ref') return undefined
  return nameOf(column)
}

/** One dialect has a column's name as text, another as an expression. */
export function nameOf(column: unknown): string | undefined {
  if (typeof column === 'string') return column.toLowerCase()
  const node = (column ?? {}) as Node
  if (typeof node['value'] === 'string') return node['value'].toLowerCase()
  return node['expr'] === undefined ? undefined : nameOf(node['expr'])
}

/** Where another row may be changed instead, that one has other values. */
function insertedRow(ast: Node, params: readonly SqlValue[]): Record<string, SqlValue> {
  const { columns, values } = ast
  if (ast['conflict'] || ast['on_duplicate_update']) return {}
  const lists = (values as Node | null)?.['values']
  if (!Array.isArray(columns) || !Array.isArray(lists) || lists.length !== 1) return {}
  const row = (lists[0] as Node)['value']
  if (!Array.isArray(row)) return {}
  const entries = columns.flatMap((each, index) => {
    const [column, value] = [nameOf(each), valueOf(row[index], params)]
    return column === undefined || value === undefined ? [] : [[column, value] as const]
  })
  return Object.fromEntries(entries)
}

function columnsOf(ast: Node): Access['columns'] {
  if (ast['type'] === 'delete') return []
  return ast['type'] === 'update' ? changedColumns(ast) : undefined
}

/** Columns that the statement sets: a row may have had another value before, or have one after. */
function changedColumns({ set }: Node): readonly string[] {
  return Array.isArray(set) ? set.flatMap((each: Node) => nameOf(each['column']) ?? []) : []
}
