import { PrismaMariaDb } from '@prisma/adapter-mariadb'
import { PrismaPg } from '@prisma/adapter-pg'
import type { StartOptions } from '../../harness/index.ts'
import { PrismaClient as MysqlIndex } from './generated/mysql-index/client.ts'
import { PrismaClient as MysqlUnique } from './generated/mysql-unique/client.ts'
import { Prisma, PrismaClient } from './generated/postgresql-index/client.ts'
import { PrismaClient as PostgresUnique } from './generated/postgresql-unique/client.ts'

export { PrismaClient }

/** What a request can do inside `$transaction`. */
export type Transaction = Prisma.TransactionClient

/** Which of the two schemas a client is generated from: see `schemas/`. */
export type Schema = 'index' | 'unique'

/** Limits that are real time would end a transaction or not with the speed of the machine. */
const transactionOptions = { maxWait: 60_000, timeout: 60_000 }

/** Prisma's client, with the driver of the engine. All have the same models, so one type is enough. */
export async function connect(
  { url, engine, actors }: StartOptions,
  schema: Schema,
): Promise<PrismaClient> {
  const client =
    engine === 'postgres'
      ? postgresClient(url, actors, schema)
      : mysqlClient(mariadbUrl(url, actors), schema)
  // What the driver asks its server once, it has asked then.
  await client.$queryRaw`SELECT 1`
  return client
}

function postgresClient(url: string, connections: number, schema: Schema): PrismaClient {
  const adapter = new PrismaPg({ connectionString: url, max: connections })
  return schema === 'index'
    ? new PrismaClient({ adapter, transactionOptions })
    : (new PostgresUnique({ adapter, transactionOptions }) as PrismaClient)
}

function mysqlClient(url: string, schema: Schema): PrismaClient {
  const adapter = new PrismaMariaDb(url)
  const client =
    schema === 'index'
      ? new MysqlIndex({ adapter, transactionOptions })
      : new MysqlUnique({ adapter, transactionOptions })
  return client as unknown as PrismaClient
}

/** The driver is MariaDB's, for both; its connections are opened at once, and stay. */
function mariadbUrl(url: string, connections: number): string {
  const address = new URL(url.replace(/^mysql:/, 'mariadb:'))
  address.searchParams.set('connectionLimit', String(connections))
  address.searchParams.set('minimumIdle', String(connections))
  address.searchParams.set('idleTimeout', '0')
  return address.href
}

/** A unique constraint has refused the row: https://www.prisma.io/docs/orm/reference/error-reference */
export const isUniqueViolation = (error: unknown): boolean =>
  error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002'
