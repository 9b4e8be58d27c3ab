import { purchase, redemption, type AnyWorkload, type EngineName } from '../harness/index.ts'
import type { Counting } from './compare-with-twin.ts'
import { withdrawal } from './prisma/withdrawal.ts'

/** What is known of an application: which invariant a schedule of few breaks, or that it keeps what it claims. */
export interface Expectation {
  readonly workload: AnyWorkload
  /** Name of the invariant; left out for one that holds. */
  readonly breaks?: string
  /** False where it breaks even if nothing else happens at the same time; true when left out. */
  readonly needsOthers?: boolean
  /** Whether many clients at once come to the same, without anybody choosing a schedule. */
  readonly simulated?: true
  /**
   * Where its library has an UPDATE count something else than the rows that it has found, as Lockstep's own
   * sessions do. Source: MySQL manual, "mysql_affected_rows()", on CLIENT_FOUND_ROWS.
   */
  readonly counting?: { readonly [Name in EngineName]?: Counting }
}

const redeemsTwice: Expectation = { workload: redemption, breaks: 'one-redemption-per-user' }
const losesAnUpdate: Expectation = { workload: purchase, breaks: 'stock-conserved' }
const redeemsOnce: Expectation = { workload: redemption }
const sellsWhatThereIs: Expectation = { workload: purchase }
/** Sequelize connects with mysql2's flag `-FOUND_ROWS`. */
const countsChanges = { counting: { mysql: 'rows changed', mariadb: 'rows changed' } } as const

/** Every application, by its file. */
export const expectations = {
  'drizzle/check-then-insert': redeemsTwice,
  'drizzle/on-conflict-do-nothing': redeemsOnce,
  'knex/forgotten-transaction': losesAnUpdate,
  'knex/select-for-update': sellsWhatThereIs,
  'kysely/conditional-update': sellsWhatThereIs,
  'kysely/read-modify-write': losesAnUpdate,
  'mariadb/check-then-decrement': { workload: purchase, breaks: 'stock-never-negative' },
  'mariadb/conditional-update': sellsWhatThereIs,
  'mikro-orm/check-then-insert': redeemsTwice,
  'mikro-orm/optimistic-version': redeemsOnce,
  'mysql2/read-modify-write': losesAnUpdate,
  'mysql2/select-for-update': sellsWhatThereIs,
  'pg/check-then-insert': redeemsTwice,
  'pg/unique-constraint': redeemsOnce,
  'postgres-js/check-then-insert': { workload: redemption, breaks: 'redemptions-within-cap' },
  'postgres-js/select-for-update': redeemsOnce,
  'prisma/check-then-create': redeemsTwice,
  'prisma/create-without-constraint': { ...redeemsTwice, needsOthers: false },
  'prisma/read-after-violation': redeemsOnce,
  'prisma/unique-constraint': redeemsOnce,
  'prisma/withdrawn-locked': { workload: withdrawal },
  'prisma/withdrawn-unseen': { workload: withdrawal, breaks: 'no-redemption-once-withdrawn' },
  'psycopg/check-then-insert': redeemsTwice,
  'psycopg/unique-constraint': redeemsOnce,
  'sequelize/read-modify-write': { ...losesAnUpdate, ...countsChanges },
  'sequelize/serializable-retry': { ...sellsWhatThereIs, ...countsChanges },
  'shop-service/read-then-write': losesAnUpdate,
  'shop-service/row-lock': sellsWhatThereIs,
  'tspace-mysql/no-row-lock': { ...losesAnUpdate, simulated: true },
  'tspace-mysql/row-lock': { ...sellsWhatThereIs, simulated: true },
  'tspace-mysql/swallowed-error': {
    workload: purchase,
    breaks: 'ok-has-its-purchase',
    needsOthers: false,
    simulated: true,
  },
  'typeorm/pessimistic-lock': sellsWhatThereIs,
  'typeorm/version-column': losesAnUpdate,
} as const satisfies Record<string, Expectation>

export type ApplicationId = keyof typeof expectations
