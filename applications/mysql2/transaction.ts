import type { Pool, PoolConnection } from 'mysql2/promise'

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
    connection.release()
  }
}
