import { Kysely, MysqlDialect, PostgresDialect } from 'kysely'
import { createPool } from 'mysql2'
import type { StartOptions } from '../../harness/index.ts'
import { openPool } from '../pg/pool.ts'

export interface Database {
  readonly product: { readonly id: number; readonly stock: number }
  readonly purchase: {
    readonly user_id: number
    readonly product_id: number
    readonly quantity: number
  }
}

/** A query builder with a pool: node-postgres for PostgreSQL, mysql2 for the others. */
export const connect = ({ url, engine, actors }: StartOptions): Kysely<Database> =>
  new Kysely({
    dialect:
      engine === 'postgres'
        ? new PostgresDialect({ pool: openPool(url) })
        : new MysqlDialect({ pool: createPool({ uri: url, connectionLimit: actors }) }),
  })
