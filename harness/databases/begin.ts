import type { EngineName } from './engine-name.ts'
import { isolationLevels, isolationSql, type IsolationLevel } from './isolation.ts'
import { statement, type Statement } from './statement.ts'

const begin = statement(['BEGIN'])

type PerLevel = Readonly<Record<IsolationLevel, readonly Statement[]>>

/** One object for each statement, however often it is sent: drivers prepare by it. */
function perLevel(statements: (level: string) => readonly Statement[]): PerLevel {
  return Object.fromEntries(
    isolationLevels.map((level) => [level, statements(isolationSql(level))]),
  ) as PerLevel
}

const beforehand = perLevel((level) => [
  statement([`SET TRANSACTION ISOLATION LEVEL ${level}`]),
  begin,
])

/**
 * BEGIN at a level of its own.
 * Source: PostgreSQL manual, "BEGIN"; MySQL manual, 15.3.7 "SET TRANSACTION", whose effect without
 * SESSION or GLOBAL is on the next transaction only.
 */
const atLevel = {
  postgres: perLevel((level) => [statement([`BEGIN ISOLATION LEVEL ${level}`])]),
  mysql: beforehand,
  mariadb: beforehand,
} as const satisfies Record<EngineName, PerLevel>

/** What begins a transaction: at the lane's isolation level, or at one of its own. */
export const beginStatements = (
  engine: EngineName,
  isolation?: IsolationLevel,
): readonly Statement[] => (isolation === undefined ? [begin] : atLevel[engine][isolation])
