import { defineApplication, ok, redemption, rejected } from '../../harness/index.ts'
import { Coupon, Redemption, schema } from './entities.ts'
import { connect } from './orm.ts'

/** A unit of work writes at its end: everybody has looked by then, and nobody has changed the coupon. */
export default defineApplication({
  name: 'mikro-orm-check-then-insert',
  workload: redemption,
  summary: 'MikroORM: counts the redemptions, and creates one in a unit of work.',
  schema,
  actors: 'own',
  start: connect,
  stop: (orm) => orm.close(),
  execute: (orm, { userId, code }) =>
    orm.em.fork().transactional(async (em) => {
      const coupon = await em.findOne(Coupon, { code, active: true })
      if (!coupon) return rejected('no such coupon')
      const earlier = await em.find(Redemption, { couponId: coupon.id })
      if (earlier.some((each) => each.userId === userId)) return rejected('already redeemed')
      if (coupon.cap != null && earlier.length >= coupon.cap) return rejected('used up')
      em.create(Redemption, { couponId: coupon.id, userId })
      return ok()
    }),
})
