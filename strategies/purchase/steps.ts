import { ok, rejected, type Bought, type Reply, type Restock } from '../../harness/index.ts'
import type { Queryable } from '../queryable.ts'

/** What most strategies do alike, so that their files show what they do differently. */

export interface Product {
  stock: number
}

export async function findProduct({ sql }: Queryable, id: number): Promise<Product | undefined> {
  const [product] = await sql<Product>`SELECT stock FROM product WHERE id = ${id}`
  return product
}

/** The same, and nobody else can change or lock it before the transaction ends. */
export async function lockProduct({ sql }: Queryable, id: number): Promise<Product | undefined> {
  const [product] = await sql<Product>`SELECT stock FROM product WHERE id = ${id} FOR UPDATE`
  return product
}

export async function setStock({ sql }: Queryable, id: number, stock: number): Promise<void> {
  await sql`UPDATE product SET stock = ${stock} WHERE id = ${id}`
}

/** Takes from the stock if there is enough of it, and says whether there was. */
export async function takeFromStock(
  { sql }: Queryable,
  { productId, quantity }: Bought,
): Promise<boolean> {
  const taken = await sql`
    UPDATE product SET stock = stock - ${quantity} WHERE id = ${productId} AND stock >= ${quantity}`
  return taken.affectedRows > 0
}

/** Why nothing could be taken. */
export async function refusal(queryable: Queryable, { productId }: Bought): Promise<Reply> {
  const product = await findProduct(queryable, productId)
  return rejected(product ? 'not enough stock' : 'no such product')
}

export async function addToStock(
  { sql }: Queryable,
  { productId, quantity }: Pick<Restock, 'productId' | 'quantity'>,
): Promise<Reply> {
  const added = await sql`UPDATE product SET stock = stock + ${quantity} WHERE id = ${productId}`
  return added.affectedRows === 0 ? rejected('no such product') : ok()
}

export async function insertPurchase(
  { sql }: Queryable,
  { userId, productId, quantity }: Bought,
): Promise<void> {
  await sql`
    INSERT INTO purchase (user_id, product_id, quantity) VALUES (${userId}, ${productId}, ${quantity})`
}
