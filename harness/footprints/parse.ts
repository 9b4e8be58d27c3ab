import { createRequire } from 'node:module'
import type { EngineName } from '../databases/engine-name.ts'
import type { SqlValue, Statement } from '../databases/statement.ts'

/** A node of a syntax tree. Its shape depends on the statement and the dialect. */
export type Node = Readonly<Record<string, unknown>>

/** A statement as the parser sees it, with its parameters still open. */
export interface Parsed {
  readonly ast: Node
  /** Every table it names, as `select::schema::name`, with `null` for no schema. */
  readonly tables: readonly string[]
  /** Whether it ends with FOR UPDATE, FOR SHARE or the like. */
  readonly locks: boolean
}

interface Library {
  readonly Parser: new () => {
    parse(sql: string): { readonly ast: unknown; readonly tableList: readonly string[] }
  }
}

const dialects = {
  postgres: 'postgresql',
  mysql: 'mysql',
  mariadb: 'mariadb',
} as const satisfies Record<EngineName, string>

const require = createRequire(import.meta.url)
const parsers = new Map<EngineName, InstanceType<Library['Parser']>>()

/** Loaded when it is first needed: that takes 10 to 20 ms. */
function parserOf(engine: EngineName): InstanceType<Library['Parser']> {
  let parser = parsers.get(engine)
  if (!parser) {
    const { Parser } = require(`node-sql-parser/build/${dialects[engine]}.js`) as Library
    parser = new Parser()
    parsers.set(engine, parser)
  }
  return parser
}

/** Parsed statements by their templates, whose parts are the same object each time they are used. */
const known = {
  postgres: new WeakMap<readonly string[], Parsed | 'unparsable'>(),
  mysql: new WeakMap<readonly string[], Parsed | 'unparsable'>(),
  mariadb: new WeakMap<readonly string[], Parsed | 'unparsable'>(),
} as const satisfies Record<EngineName, unknown>

/** `unparsable` when the parser does not know it, or when it is not exactly one statement. */
export function parse({ parts }: Statement, engine: EngineName): Parsed | 'unparsable' {
  let parsed = known[engine].get(parts)
  if (parsed === undefined) {
    parsed = parseText(
      parts.map((part, index) => (index === 0 ? part : open(index) + part)).join(''),
      engine,
    )
    known[engine].set(parts, parsed)
  }
  return parsed
}

/** Stands for the parameter before the part with this index. */
const open = (part: number): string => `:parameter${part - 1}`

/**
 * The dialects know only some of what may stand at the end of a SELECT, so that is taken off first.
 * Where it stands inside a statement, the parser decides.
 */
const lockingClause =
  /\s+(?:for\s+(?:no\s+key\s+update|update|key\s+share|share)(?:\s+of\s+\w+(?:\s*,\s*\w+)*)?(?:\s+nowait|\s+skip\s+locked)?|lock\s+in\s+share\s+mode(?:\s+nowait|\s+skip\s+locked)?)\s*;?\s*$/i

/** MySQL and MariaDB do what stands in it, and the parser skips it. */
const executableComment = /\/\*M?!/

function parseText(text: string, engine: EngineName): Parsed | 'unparsable' {
  if (executableComment.test(text)) return 'unparsable'
  const unlocked = text.replace(lockingClause, '')
  try {
    const { ast, tableList } = parserOf(engine).parse(unlocked)
    const [statement, ...more] = (Array.isArray(ast) ? ast : [ast]) as Node[]
    if (!statement || more.length > 0) return 'unparsable'
    const locks = unlocked !== text || nodesOf(statement).some(hasLockingClause)
    return { ast: statement, tables: tableList, locks }
  } catch {
    return 'unparsable' // a syntax that the parser does not know
  }
}

const hasLockingClause = (node: Node): boolean =>
  node['locking_read'] !== undefined && node['locking_read'] !== null

/** A node, and all that is below it. */
export function* nodesOf(node: unknown): Generator<Node, void, undefined> {
  if (typeof node !== 'object' || node === null) return
  if (!Array.isArray(node)) yield node as Node
  for (const child of Object.values(node)) yield* nodesOf(child)
}

/** The value that an expression is with these parameters; `undefined` when it has to be computed. */
export function valueOf(expression: unknown, params: readonly SqlValue[]): SqlValue | undefined {
  const { type, value } = (expression ?? {}) as Node
  if (type === 'param') return params[Number(String(value).replace('parameter', ''))]
  if (type === 'number' && typeof value === 'number') return value
  if (type === 'single_quote_string' && typeof value === 'string') return value
  return undefined
}
