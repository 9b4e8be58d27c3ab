import pg from 'pg'

/** A pool that outlives its connections: one that is lost is replaced, and no more. */
export function openPool(url: string): pg.Pool {
  const pool = new pg.Pool({ connectionString: url })
  // Without listeners, node-postgres would end the process, whether or not the connection was in use.
  return pool.on('error', report).on('connect', (client) => client.on('error', report))
}

const report = (error: Error): void => console.error(`A connection was lost: ${error.message}`)
