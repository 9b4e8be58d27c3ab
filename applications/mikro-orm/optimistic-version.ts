import { OptimisticLockError } from '@mikro-orm/core'
import { aborted, defineApplication, ok, redemption, rejected } from '../../harness/index.ts'
import { Coupon, Redemption, schema } from './entities.ts'
import { connect } from './orm.ts'

/**
 * The coupon counts its redemptions, so each of them is a change of the coupon: MikroORM writes it only if
 * the version is the one that was read.
 */
export default defineApplication({
  name: 'mikro-orm-optimistic-version',
  workload: redemption,
  summary: 'MikroORM: counts each redemption in the coupon, whose version is compared.',
  schema,
  actors: 'own',
  start: connect,
  stop: (orm) => orm.close(),
  async execute(orm, { userId, code }) {
    try {
      return await orm.em.fork().transactional(async (em) => {
        const coupon = await em.findOne(Coupon, { code, active: true })
        if (!coupon) return rejected('no such coupon')
        const earlier = await em.findOne(Redemption, { couponId: coupon.id, userId })
        if (earlier) return rejected('already redeemed')
        if (coupon.cap != null && coupon.redeemed >= coupon.cap) return rejected('used up')
        coupon.redeemed += 1
        em.create(Redemption, { couponId: coupon.id, userId })
        return ok()
      })
    } catch (error) {
      if (error instanceof OptimisticLockError) return aborted('conflict')
      throw error
    }
  },
})
