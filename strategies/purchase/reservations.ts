import type { Bought, EngineName } from '../../harness/index.ts'
import type { Queryable } from '../queryable.ts'
import { takeFromStock } from './steps.ts'

/** What the strategies with reservations do alike. */

export interface Reservation {
  id: number
  quantity: number
}

const table = (id: string): readonly string[] => [
  `CREATE TABLE reservation (
    id ${id} PRIMARY KEY, user_id INT NOT NULL, product_id INT NOT NULL, quantity INT NOT NULL)`,
]

export const reservationTable = {
  postgres: table('INT GENERATED ALWAYS AS IDENTITY'),
  mysql: table('INT AUTO_INCREMENT'),
  mariadb: table('INT AUTO_INCREMENT'),
} satisfies Record<EngineName, readonly string[]>

/** Takes the units out of the stock; the reservation is what says whose they are. */
export async function reserve(
  tx: Queryable,
  engine: EngineName,
  bought: Bought,
): Promise<number | undefined> {
  return (await takeFromStock(tx, bought)) ? insertReservation[engine](tx, bought) : undefined
}

/** Answers the new row's id. */
type Insert = (tx: Queryable, bought: Bought) => Promise<number | undefined>

const insertReturningId: Insert = async ({ sql }, { userId, productId, quantity }) => {
  const [row] = await sql<{ id: number }>`
    INSERT INTO reservation (user_id, product_id, quantity)
    VALUES (${userId}, ${productId}, ${quantity}) RETURNING id`
  return row?.id
}

const insertReservation = {
  postgres: insertReturningId,
  mysql: async ({ sql }, { userId, productId, quantity }) => {
    await sql`
      INSERT INTO reservation (user_id, product_id, quantity)
      VALUES (${userId}, ${productId}, ${quantity})`
    const [row] = await sql<{ id: number }>`SELECT LAST_INSERT_ID() AS id`
    return row?.id
  },
  mariadb: insertReturningId,
} satisfies Record<EngineName, Insert>

export const reservationsOf = (
  { sql }: Queryable,
  productId: number,
): Promise<readonly Reservation[]> =>
  sql<Reservation>`
    SELECT id, quantity FROM reservation WHERE product_id = ${productId} ORDER BY id`
