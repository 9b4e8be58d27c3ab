import { ok, rejected, type Redeem, type Reply } from '../../harness/index.ts'
import { isUniqueViolation, type PrismaClient, type Transaction } from './client.ts'

/** A request that is refused: thrown inside a transaction, it rolls back. */
class Refusal extends Error {}

/** What a route does with what its service throws. */
export async function answer(serving: Promise<unknown>): Promise<Reply> {
  try {
    await serving
    return ok()
  } catch (error) {
    if (error instanceof Refusal) return rejected(error.message)
    throw error
  }
}

export async function findCoupon(tx: Transaction, code: string): Promise<{ id: number }> {
  const coupon = await tx.coupon.findFirst({ where: { code, active: true } })
  if (!coupon) throw new Refusal('no such coupon')
  return coupon
}

/** Looks whether the user has redeemed the coupon, and creates the redemption if not. */
export const redeemUnlessUsed = (prisma: PrismaClient, { userId, code }: Redeem) =>
  prisma.$transaction(async (tx) => {
    const coupon = await findCoupon(tx, code)
    const used = await tx.couponRedemption.findFirst({ where: { userId, couponId: coupon.id } })
    if (used) throw new Refusal('already redeemed')
    return tx.couponRedemption.create({ data: { userId, couponId: coupon.id } })
  })

/** Creates the redemption, and lets the database refuse it. */
export const redeemOrBeRefused = (
  prisma: PrismaClient,
  { userId, code }: Redeem,
  find: typeof findCoupon = findCoupon,
) =>
  prisma.$transaction(async (tx) => {
    const coupon = await find(tx, code)
    try {
      return await tx.couponRedemption.create({ data: { userId, couponId: coupon.id } })
    } catch (error) {
      // The transaction is given up: PostgreSQL would take no other statement in it.
      if (isUniqueViolation(error)) throw new Refusal('already redeemed')
      throw error
    }
  })
