import type { Pool, PoolConfig, PoolConnection } from 'mariadb'

/** One connection to the database, however its URL is written. */
export function poolAt(url: string): PoolConfig {
  const { hostname, port, username, password, pathname } = new URL(url)
  return {
    host: hostname,
    port: Number(port),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)),
    connectionLimit: 1,
    // Nothing is sent while nobody has asked for anything.
    minimumIdle: 1,
    idleTimeout: 0,
  }
}

/** BEGIN, the body, and COMMIT; or ROLLBACK when the body throws. */
export async function transaction<Result>(
  pool: Pool,
  body: (connection: PoolConnection) => Promise<Result>,
): Promise<Result> {
  const connection = await pool.getConnection()
  try {
    await connection.beginTransaction()
    const result = await body(connection)
    await connection.commit()
    return result
  } catch (error) {
    await connection.rollback()
    throw error
  } finally {
    await connection.release()
  }
}
