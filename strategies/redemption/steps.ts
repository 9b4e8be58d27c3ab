import { rejected, type Redeem, type Reply } from '../../harness/index.ts'
import type { Queryable } from '../queryable.ts'

/** What most strategies do alike, so that their files show what they do differently. */

export type Redeemed = Pick<Redeem, 'userId' | 'code'>

export interface Coupon {
  id: number
  active: boolean
  cap: number | null
}

/** The coupon, if it may be redeemed at all. */
export async function findCoupon({ sql }: Queryable, code: string): Promise<Coupon | undefined> {
  const [coupon] = await sql<Coupon>`SELECT id, active, cap FROM coupon WHERE code = ${code}`
  return coupon?.active ? coupon : undefined
}

/** The same, and nobody else can change or lock it before the transaction ends. */
export async function lockCoupon({ sql }: Queryable, code: string): Promise<Coupon | undefined> {
  const [coupon] = await sql<Coupon>`
    SELECT id, active, cap FROM coupon WHERE code = ${code} FOR UPDATE`
  return coupon?.active ? coupon : undefined
}

export async function hasRedeemed(
  { sql }: Queryable,
  { id }: Coupon,
  userId: number,
): Promise<boolean> {
  const [used] = await sql`
    SELECT user_id FROM redemption WHERE coupon_id = ${id} AND user_id = ${userId}`
  return used !== undefined
}

export async function isUsedUp({ sql }: Queryable, { id, cap }: Coupon): Promise<boolean> {
  if (cap === null) return false
  const [total] = await sql<{ redeemed: number }>`
    SELECT count(*) AS redeemed FROM redemption WHERE coupon_id = ${id}`
  return !total || total.redeemed >= cap
}

/** Why the user may not redeem the coupon, if there is a reason. */
export async function refusal(
  queryable: Queryable,
  coupon: Coupon,
  userId: number,
): Promise<Reply | undefined> {
  if (await hasRedeemed(queryable, coupon, userId)) return rejected('already redeemed')
  if (await isUsedUp(queryable, coupon)) return rejected('used up')
  return undefined
}

export async function insertRedemption(
  { sql }: Queryable,
  { id }: Coupon,
  userId: number,
): Promise<void> {
  await sql`INSERT INTO redemption (coupon_id, user_id) VALUES (${id}, ${userId})`
}
