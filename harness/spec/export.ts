import { forEngine, type Rows, type Table } from '../databases/engine.ts'
import type { EngineName } from '../databases/engine-name.ts'
import { isolationSql, type IsolationLevel } from '../databases/isolation.ts'
import { renderStatement, type SqlValue, type Statement } from '../databases/statement.ts'
import { UsageError } from '../errors.ts'
import type { History } from '../history.ts'
import type { Strategy } from '../strategy.ts'
import { sentSteps, type SentStep } from './sent-steps.ts'

/** A run to export. */
export interface ExportedRun {
  readonly strategy: Strategy
  readonly engine: EngineName
  readonly isolation: IsolationLevel
  /** Rows of the tables before the run. */
  readonly initial: Rows
  readonly history: History
  /** What stands above it, such as the invariant that broke: a line each, or several. */
  readonly remarks: readonly string[]
}

/** Everything happens in a schema of its own, so that it can be run in any database. */
const schema = 'counterexample'

/**
 * A run as a specification of PostgreSQL's isolation tester: the statements that the actors sent, with
 * their values in place, in the order in which they were sent, and at the end what is in the tables.
 *
 * @throws {UsageError} when it cannot be said in one.
 */
export function exportSpec(run: ExportedRun): string {
  const { strategy, engine, isolation, initial, history, remarks } = run
  if (engine !== 'postgres') {
    throw new UsageError(
      "Only what was found on PostgreSQL can be exported as a specification of PostgreSQL's isolation tester: leave --export out, or add --database postgres.",
    )
  }
  const { tables } = strategy.workload
  const sent = sentSteps(history)
  const sessions = [...Map.groupBy(sent, ({ session }) => session).entries()].toSorted(([a], [b]) =>
    a < b ? -1 : 1,
  )
  const shows = tables.map((table) => ({ name: `show_${table.name}`, sql: showSql(table) }))
  const hasDeadlock = sent.some(({ isVictim }) => isVictim)
  return [
    remarks.flatMap((remark) => remark.split(/\r\n|\r|\n/)).map((line) => `# ${line}`.trimEnd()),
    '',
    block('setup', [
      `CREATE SCHEMA ${schema}`,
      `SET search_path TO ${schema}`,
      ...tables.flatMap((table) => forEngine('postgres', table.create)),
      ...forEngine('postgres', strategy.schema),
      ...tables.flatMap((table) => insertSql(table, initial)),
    ]),
    '',
    block('teardown', [`DROP SCHEMA ${schema} CASCADE`, 'RESET search_path']),
    ...sessions.flatMap(([session, steps]) => [
      '',
      `session ${session}`,
      block('setup', [
        `SET search_path TO ${schema}`,
        `SET default_transaction_isolation TO '${isolationSql(isolation).toLowerCase()}'`,
        ...(hasDeadlock ? [deadlockTimeout(steps)] : []),
      ]),
      ...steps.flatMap(({ name, statement, remark }) => [
        ...(remark === undefined ? [] : [`# ${remark}`]),
        stepLine(name, literalSql(statement)),
      ]),
    ]),
    '',
    'session after',
    block('setup', [`SET search_path TO ${schema}`]),
    ...shows.map(({ name, sql }) => stepLine(name, sql)),
    '',
    `permutation ${[...sent.map(inPermutation), ...shows.map(({ name }) => name)].join(' ')}`,
    '',
  ]
    .flat()
    .join('\n')
}

/** Whoever was the victim looks for deadlocks first, and the others never. */
const deadlockTimeout = (steps: readonly SentStep[]): string =>
  `SET deadlock_timeout TO '${steps.some(({ isVictim }) => isVictim) ? '10ms' : '100s'}'`

/** A victim counts as waiting, whether or not it has been found out before anybody looked. */
const inPermutation = ({ name, isVictim }: SentStep): string => (isVictim ? `${name}(*)` : name)

const block = (keyword: string, statements: readonly string[]): string[] => [
  keyword,
  '{',
  ...statements.map((statement) => `  ${checked(statement).trim().replace(/;$/, '')};`),
  '}',
]

const stepLine = (name: string, sql: string): string => `step ${name} { ${checked(sql)}; }`

/** A block of SQL ends at the first brace that closes, wherever it stands. */
function checked(sql: string): string {
  if (!sql.includes('}')) return sql
  throw new UsageError(
    `A specification of PostgreSQL's isolation tester cannot hold a "}", and this statement has one: ${sql.replaceAll(/\s+/g, ' ')}`,
  )
}

/** A statement with its values in place. On one line, unless that could change what it says. */
function literalSql({ parts, params }: Statement): string {
  const mayBeFolded = !parts.some((part) => /['"$]|--/.test(part))
  const texts = mayBeFolded ? parts.map((part) => part.replaceAll(/\s+/g, ' ')) : parts
  return renderStatement({ parts: texts, params }, literal).trim().replace(/;$/, '')
}

function insertSql({ name, columns }: Table, rows: Rows): string[] {
  const own = rows[name] ?? []
  if (own.length === 0) return []
  const tuples = own.map(
    (row) => `(${columns.map((column) => literal(row[column] as SqlValue)).join(', ')})`,
  )
  return [
    `INSERT INTO ${identifier(name)} (${columns.map(identifier).join(', ')}) VALUES ${tuples.join(', ')}`,
  ]
}

function showSql({ name, columns }: Table): string {
  const list = columns.map(identifier).join(', ')
  return `SELECT ${list} FROM ${identifier(name)} ORDER BY ${list}`
}

/** Source: PostgreSQL manual, 4.1.2 "Constants". */
function literal(value: SqlValue | undefined): string {
  if (value === null || value === undefined) return 'NULL'
  // Behind a minus sign, another one would begin a comment.
  if (typeof value === 'number') return value < 0 ? `(${value})` : String(value)
  if (typeof value === 'boolean') return String(value)
  const quoted = value.replaceAll("'", "''")
  return value.includes('}')
    ? `U&'${quoted.replaceAll('\\', '\\\\').replaceAll('}', String.raw`\007D`)}'`
    : `'${quoted}'`
}

const identifier = (name: string): string =>
  /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
