/**
 * The shop's purchases, in a process of their own: tspace-mysql has one pool for a process, and takes its
 * address from the environment when it is loaded.
 */
import { DB } from 'tspace-mysql'
import type { Purchase as Order, Reply } from '../../harness/index.ts'
import { answerLines } from '../answer-lines.ts'
import { Product, Purchase } from './models.ts'

/** How a purchase is done, as the program's parameter says. */
export type Variant = 'row-lock' | 'no-row-lock' | 'swallowed-error'

class Refusal extends Error {}

const variant = process.argv[2] as Variant

const answers: Readonly<Record<Variant, (order: Order) => Promise<Reply>>> = {
  'row-lock': answer,
  'no-row-lock': answer,
  'swallowed-error': answerWhateverHappened,
}

answerLines((order) => answers[variant](order as Order))

async function answer(order: Order): Promise<Reply> {
  try {
    await buy(order)
    return { kind: 'ok' }
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'rejected', reason: error.message }
    throw error
  }
}

/** Whoever buys like this writes down what went wrong, and goes on as if nothing had. */
async function answerWhateverHappened(order: Order): Promise<Reply> {
  try {
    await buy(order)
  } catch (error) {
    console.error(`User ${order.userId} failed: ${String(error)}`)
  }
  return { kind: 'ok' }
}

async function buy({ userId, productId, quantity }: Order): Promise<void> {
  const trx = await DB.beginTransaction()
  try {
    await trx.startTransaction()
    const found = new Product().where('id', productId).bind(trx)
    const product = await (variant === 'no-row-lock' ? found : found.rowLock('FOR_UPDATE')).first()
    if (!product) throw new Refusal('no such product')
    if (product.stock < quantity) throw new Refusal('not enough stock')
    await new Product()
      .where('id', productId)
      .update({ stock: product.stock - quantity })
      .bind(trx)
      .save()
    await new Purchase()
      .create({ user_id: userId, product_id: productId, quantity })
      .bind(trx)
      .save()
    await trx.commit()
  } catch (error) {
    await trx.rollback()
    throw error
  } finally {
    await trx.end()
  }
}
