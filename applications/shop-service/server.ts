/**
 * A small shop: `POST /purchases`, with an ORM and a pool. It is run as any service is, and knows nothing of
 * who tests it.
 *
 *     DATABASE_URL=postgres://… PORT=8080 node server.ts [--lock]
 */
import { parseArgs } from 'node:util'
import { DrizzleQueryError } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import fastify from 'fastify'
import pg from 'pg'
import { buy, type Bought, type Order } from './buy.ts'

const { lock } = parseArgs({ options: { lock: { type: 'boolean', default: false } } }).values
const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'] })
// Without listeners, node-postgres would end the process, whether or not the connection was in use.
const lost = (error: Error): void => console.error(`A connection was lost: ${error.message}`)
pool.on('error', lost).on('connect', (client) => client.on('error', lost))
const db = drizzle(pool)
const app = fastify()

const statuses: Readonly<Record<Bought, number>> = {
  bought: 201,
  'no such product': 404,
  'not enough stock': 409,
}

const number = { type: 'integer', minimum: 1 }
const body = {
  type: 'object',
  required: ['userId', 'productId', 'quantity'],
  properties: { userId: number, productId: number, quantity: number },
}

app.post<{ Body: Order }>('/purchases', { schema: { body } }, async (request, reply) => {
  const outcome = await buy(db, request.body, { lock })
  return reply.code(statuses[outcome]).send({ outcome })
})

/** SQLSTATEs of a transaction that was refused for another one's sake, and may be tried again. */
const conflicts = new Set(['40001', '40P01'])

app.setErrorHandler((error, _, reply) => {
  const cause = error instanceof DrizzleQueryError ? error.cause : error
  const isConflict = cause instanceof pg.DatabaseError && conflicts.has(cause.code ?? '')
  if (isConflict) return reply.code(503).send({ outcome: 'try again' })
  return reply.send(error)
})

process.once('SIGTERM', () => void app.close().then(() => pool.end()))

const address = await app.listen({ host: '127.0.0.1', port: Number(process.env['PORT'] ?? 8080) })
console.log(`listening on ${address}`)
