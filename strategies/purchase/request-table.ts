import {
  defineStrategy,
  isDatabaseError,
  ok,
  purchase,
  rejected,
  type Purchase,
  type Reply,
  type Session,
  type Transaction,
} from '../../harness/index.ts'
import { withReconnect } from '../reconnect.ts'
import { buy } from './select-for-update.ts'

/**
 * The request is written down before anything is done for it; its answer is written in the transaction
 * that does it. Whoever comes again, for the same request, is told that answer, be it a refusal; and
 * what was never done is still there to be done, should nobody come again.
 * Source: Helland, "Life beyond Distributed Transactions: an Apostate's Opinion", CIDR 2007, on messages
 * that are remembered by those who process them.
 */
export default defineStrategy({
  name: 'request-table',
  workload: purchase,
  summary: 'Writes each request down, and its answer with the purchase, which a retry is told.',
  schema: ['CREATE TABLE request (id VARCHAR(40) PRIMARY KEY, answer VARCHAR(40))'],
  async execute(session, command) {
    await withReconnect(session, () => writeDown(session))
    return withReconnect(session, () => answer(session, command))
  },
})

async function writeDown({ sql, requestId }: Session): Promise<void> {
  try {
    await sql`INSERT INTO request (id) VALUES (${requestId})`
  } catch (error) {
    if (!isDatabaseError(error, 'unique violation')) throw error
  }
}

async function answer(session: Session, command: Purchase): Promise<Reply> {
  const { requestId } = session
  // A refusal is written as well, which takes a COMMIT.
  const { reply } = await session.transaction(async (tx) => {
    const before = await findAnswer(tx, requestId)
    if (before) return { reply: before }
    const after = await buy(tx, command)
    const text = after.kind === 'rejected' ? after.reason : after.kind
    await tx.sql`UPDATE request SET answer = ${text} WHERE id = ${requestId}`
    return { reply: after }
  })
  return reply
}

async function findAnswer({ sql }: Transaction, requestId: string): Promise<Reply | undefined> {
  const [request] = await sql<{ answer: string | null }>`
    SELECT answer FROM request WHERE id = ${requestId} FOR UPDATE`
  if (request?.answer === null || request === undefined) return undefined
  return request.answer === 'ok' ? ok() : rejected(request.answer)
}
