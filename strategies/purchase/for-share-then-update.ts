import { defineStrategy, ok, purchase, rejected, type EngineName } from '../../harness/index.ts'
import type { Queryable } from '../queryable.ts'
import { insertPurchase, setStock, type Product } from './steps.ts'

/**
 * Read under a share lock, then write: a lock upgrade. Two buyers can both hold the share lock, and
 * then each waits for the other to let go of it. No update is lost, and one buyer of two is a
 * deadlock's victim.
 * Source: MySQL manual, "Locking Reads", on why FOR SHARE is not for counters.
 */
export default defineStrategy({
  name: 'for-share-then-update',
  workload: purchase,
  summary: "Takes a share lock on the product's row, then updates it.",
  execute: (session, command) =>
    session.transaction(async (tx) => {
      const { productId, quantity } = command
      const [product] = await productForShare[session.engine](tx, productId)
      if (!product) return rejected('no such product')
      if (product.stock < quantity) return rejected('not enough stock')
      await setStock(tx, productId, product.stock - quantity)
      await insertPurchase(tx, command)
      return ok()
    }),
})

type FindProduct = (tx: Queryable, id: number) => Promise<readonly Product[]>

const forShare: FindProduct = ({ sql }, id) =>
  sql<Product>`SELECT stock FROM product WHERE id = ${id} FOR SHARE`

const productForShare = {
  postgres: forShare,
  mysql: forShare,
  mariadb: ({ sql }, id) =>
    sql<Product>`SELECT stock FROM product WHERE id = ${id} LOCK IN SHARE MODE`,
} satisfies Record<EngineName, FindProduct>
