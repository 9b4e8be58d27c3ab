import knex, { type Knex } from 'knex'
import type { StartOptions } from '../../harness/index.ts'

/** A query builder with a pool of two: a request may need more connections than one. */
export async function connect({ url, engine }: StartOptions): Promise<Knex> {
  const db = knex({
    client: engine === 'postgres' ? 'pg' : 'mysql2',
    connection: url,
    pool: { min: 2, max: 2 },
  })
  // Knex asks every new connection for the server's version: both have been asked then.
  await Promise.all([db.raw('SELECT 1'), db.raw('SELECT 1')])
  return db
}

export interface Product {
  readonly id: number
  readonly stock: number
}
