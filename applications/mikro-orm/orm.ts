import { MikroORM as Mariadb } from '@mikro-orm/mariadb'
import { MikroORM as Mysql } from '@mikro-orm/mysql'
import { MikroORM as Postgres } from '@mikro-orm/postgresql'
import type { MikroORM } from '@mikro-orm/core'
import type { EngineName, StartOptions } from '../../harness/index.ts'
import { Coupon, Redemption } from './entities.ts'

const orms = { postgres: Postgres, mysql: Mysql, mariadb: Mariadb } satisfies Record<
  EngineName,
  unknown
>

/** A driver that asks, once and before the first row that it inserts, what the next id comes to. */
interface Curious {
  getAutoIncrementIncrement?(): Promise<number>
}

/** An ORM of one connection. */
export async function connect({ url, engine }: StartOptions): Promise<MikroORM> {
  const options = { clientUrl: url, entities: [Coupon, Redemption], pool: { min: 1, max: 1 } }
  const orm = (await orms[engine].init(options)) as MikroORM
  // What the driver asks its server once, it has asked then.
  await orm.em.getConnection().execute('SELECT 1')
  await (orm.em.getDriver() as Curious).getAutoIncrementIncrement?.()
  return orm
}
