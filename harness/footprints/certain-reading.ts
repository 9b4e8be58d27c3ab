import type { EngineName } from '../databases/engine-name.ts'
import type { Row, Statement } from '../databases/statement.ts'
import { nodesOf, parse, type Node } from './parse.ts'

/** Without a row they are null or 0. */
const aggregates: ReadonlySet<unknown> = new Set(['COUNT', 'SUM', 'MIN', 'MAX', 'AVG'])

/**
 * Whether a SELECT that was answered with these rows has certainly looked into its table. It need not
 * have: where no row can be meant, as with LIMIT 0 or a comparison with NULL, MySQL and MariaDB know
 * the answer beforehand. Where that is not certain, the answer is no.
 */
export function certainlyReads(
  statement: Statement,
  engine: EngineName,
  rows: readonly Row[],
): boolean {
  const [row] = rows
  const parsed = parse(statement, engine)
  if (!row || parsed === 'unparsable' || !isOfOneTable(parsed.ast)) return false
  if (nodesOf(parsed.ast).some(isFunction)) return false // it may be an aggregate as well
  if (!nodesOf(parsed.ast).some(isAggregate)) return true
  return columnsOf(parsed.ast).every(isPlainAggregate) && Object.values(row).some(Boolean)
}

function isOfOneTable(ast: Node): boolean {
  const { type, from, with: named, _next: united } = ast
  if (type !== 'select' || named || united || !Array.isArray(from) || from.length !== 1)
    return false
  const isNested = nodesOf(ast).some((node) => node !== ast && 'ast' in node)
  return !isNested && typeof (from[0] as Node)['table'] === 'string'
}

const columnsOf = ({ columns }: Node): readonly Node[] => (Array.isArray(columns) ? columns : [])

const isFunction = ({ type }: Node): boolean => type === 'function'

const isAggregate = ({ type }: Node): boolean => type === 'aggr_func' || type === 'window_func'

const isPlainAggregate = ({ expr }: Node): boolean => {
  const { type, name } = (expr ?? {}) as Node
  return type === 'aggr_func' && aggregates.has(String(name).toUpperCase())
}
