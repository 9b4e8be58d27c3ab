import pg from 'pg'

/** A pool that outlives its connections: one that is lost while it is idle is replaced, and no more. */
export function openPool(url: string): pg.Pool {
  const pool = new pg.Pool({ connectionString: url })
  // Without a listener, node-postgres would end the process.
  pool.on('error', (error) => console.error(`An idle connection was lost: ${error.message}`))
  return pool
}
