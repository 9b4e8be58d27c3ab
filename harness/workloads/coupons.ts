import fc from 'fast-check'
import { z } from 'zod'
import type { Table } from '../databases/engine.ts'
import type { Invariant, Observation, PerformedCommand } from '../invariant.ts'
import { ok, rejected, type Reply } from '../reply.ts'
import type { AnyCommand, Handler } from '../workload.ts'
import { count, rowsAdded } from '../words.ts'
import { listRows, orUnknown } from './rows.ts'

/** Coupons and their redemptions: what the workloads `redemption` and `checkout` share. */

const coupon = z.strictObject({
  id: z.int(),
  code: z.string(),
  active: z.boolean(),
  /** Most redemptions in all; null for no limit. */
  cap: z.int().nullable(),
})
const redemption = z.strictObject({ coupon_id: z.int(), user_id: z.int() })

export const couponTables = { coupon: z.array(coupon), redemption: z.array(redemption) }

export type CouponRow = Readonly<z.infer<typeof coupon>>
export type RedemptionRow = Readonly<z.infer<typeof redemption>>
export type CouponState = {
  readonly coupon: readonly CouponRow[]
  readonly redemption: readonly RedemptionRow[]
}

export const redeem = z.strictObject({
  kind: z.literal('redeem'),
  userId: z.int(),
  code: z.string(),
})
export const deactivate = z.strictObject({ kind: z.literal('deactivate'), code: z.string() })

/** Redeems a coupon, by its code, for a user. */
export type Redeem = Readonly<z.infer<typeof redeem>>
/** Deactivates a coupon, by its code: whoever comes later is refused. */
export type Deactivate = Readonly<z.infer<typeof deactivate>>

export const tables: readonly Table[] = [
  {
    name: 'coupon',
    columns: ['id', 'code', 'active', 'cap'],
    create: [
      `CREATE TABLE coupon (
        id INT PRIMARY KEY, code VARCHAR(20) NOT NULL UNIQUE, active BOOLEAN NOT NULL, cap INT)`,
    ],
  },
  {
    name: 'redemption',
    columns: ['coupon_id', 'user_id'],
    create: [
      'CREATE TABLE redemption (coupon_id INT NOT NULL, user_id INT NOT NULL)',
      // An index that is not unique helps nobody against a race; it is here because it usually is.
      'CREATE INDEX redemption_by_user ON redemption (coupon_id, user_id)',
    ],
  },
]

const codes = ['C1', 'C2'] as const

export const code = fc.constantFrom(...codes)
export const userId = fc.integer({ min: 1, max: 2 })

const cap = fc.option(fc.integer({ min: 1, max: 2 }), { nil: null })
/** Mostly true, and true when shrunk. */
const active = fc.nat({ max: 4 }).map((number) => number < 4)

const drawn = fc.record({ active, cap })

/** One coupon or two. */
export const couponArbitrary: fc.Arbitrary<CouponRow[]> = fc
  .tuple(drawn, fc.option(drawn, { freq: 2 }))
  .map((coupons) =>
    coupons.flatMap((each, index) =>
      each ? [{ id: index + 1, code: codes[index] ?? '', ...each }] : [],
    ),
  )

export const redeemArbitrary: fc.Arbitrary<Redeem> = fc.record({
  kind: fc.constant('redeem'),
  userId,
  code,
})
export const deactivateArbitrary: fc.Arbitrary<Deactivate> = fc.record({
  kind: fc.constant('deactivate'),
  code,
})

/** What redeem and deactivate do when they are alone. */
export function redeemModel<State extends CouponState>(
  state: State,
  { userId: user_id, code: wanted }: Pick<Redeem, 'userId' | 'code'>,
): { state: State; reply: Reply } {
  const found = state.coupon.find((each) => each.code === wanted && each.active)
  if (!found) return { state, reply: rejected('no such coupon') }
  const redemptions = state.redemption.filter(({ coupon_id }) => coupon_id === found.id)
  if (redemptions.some((each) => each.user_id === user_id)) {
    return { state, reply: rejected('already redeemed') }
  }
  if (found.cap !== null && redemptions.length >= found.cap) {
    return { state, reply: rejected('used up') }
  }
  return {
    state: { ...state, redemption: [...state.redemption, { coupon_id: found.id, user_id }] },
    reply: ok(),
  }
}

export function deactivateModel<State extends CouponState>(
  state: State,
  { code: wanted }: Deactivate,
): { state: State; reply: Reply } {
  if (!state.coupon.some((each) => each.code === wanted)) {
    return { state, reply: rejected('no such coupon') }
  }
  const after = state.coupon.map((each) =>
    each.code === wanted ? { ...each, active: false } : each,
  )
  return { state: { ...state, coupon: after }, reply: ok() }
}

export const deactivateHandler: Handler<Deactivate> = async (session, command) => {
  const done = await session.sql`UPDATE coupon SET active = FALSE WHERE code = ${command.code}`
  return done.affectedRows === 0 ? rejected('no such coupon') : ok()
}

export const describeCoupons = {
  redeem: ({ userId: user, code: wanted }: Redeem) => `redeem(user ${user}, ${wanted})`,
  deactivate: ({ code: wanted }: Deactivate) => `deactivate(${wanted})`,
}

/** Reads from a command what it redeems, if it redeems anything. */
type Redeems<Command> = (command: Command) => Pick<Redeem, 'userId' | 'code'> | undefined

/** The invariants of coupons, for a workload whose commands redeem as `redeems` says. */
export function couponInvariants<State extends CouponState, Command extends AnyCommand>(
  redeems: Redeems<Command>,
): Invariant<State, Command>[] {
  return [
    {
      name: 'one-redemption-per-user',
      summary: 'No user redeems the same coupon twice.',
      check: (run) => firstIn(statesOf(run), redeemedTwice),
    },
    {
      name: 'redemptions-within-cap',
      summary: 'A coupon is not redeemed more often than its cap allows.',
      check: (run) => firstIn(statesOf(run), overCap),
    },
    {
      name: 'no-redemption-after-deactivation',
      summary: 'Who begins to redeem after the deactivation was acknowledged is refused.',
      check: (run) => redeemedAfterDeactivation(run, redeems),
    },
    {
      name: 'ok-has-its-redemption',
      summary: 'Every redemption that was answered with ok has its row, and no other has one.',
      check: (run) => repliesAgainstRows(run, redeems),
    },
  ]
}

/** Every state that others could see, each once: the final one is mostly the last committed one. */
function statesOf<State>({ committed, final }: Observation<State, unknown>): readonly State[] {
  return committed.at(-1) === final ? committed : [...committed, final]
}

function firstIn<State>(
  states: readonly State[],
  check: (state: State) => string | undefined,
): string | undefined {
  for (const state of states) {
    const message = check(state)
    if (message !== undefined) return message
  }
  return undefined
}

/** Tells the code of a coupon by its id. */
function codesIn({ coupon: rows }: CouponState): (id: number) => string {
  const codesById = new Map(rows.map(({ id, code: name }) => [id, name]))
  return (id) => codesById.get(id) ?? `coupon ${id}`
}

function redeemedTwice(state: CouponState): string | undefined {
  if (state.redemption.length < 2) return undefined
  const groups = Map.groupBy(state.redemption, (row) => `${row.coupon_id}/${row.user_id}`)
  for (const rows of groups.values()) {
    const [first] = rows
    if (!first || rows.length < 2) continue
    return `User ${first.user_id} has redeemed ${codesIn(state)(first.coupon_id)} ${rows.length} times: ${listRows('redemption', rows)}.`
  }
  return undefined
}

function overCap(state: CouponState): string | undefined {
  const capped = state.coupon.filter((each) => each.cap !== null)
  if (capped.length === 0) return undefined
  const groups = Map.groupBy(state.redemption, ({ coupon_id }) => coupon_id)
  for (const { id, code: name, cap: most } of capped) {
    const rows = groups.get(id) ?? []
    if (most === null || rows.length <= most) continue
    return `${name} has a cap of ${most} and ${count(rows.length, 'redemption')}: ${listRows('redemption', rows)}.`
  }
  return undefined
}

function redeemedAfterDeactivation<Command extends AnyCommand>(
  run: Observation<CouponState, Command>,
  redeems: Redeems<Command>,
): string | undefined {
  const { initial, commands } = run
  const inactive = new Set(initial.coupon.filter((each) => !each.active).map((each) => each.code))
  const deactivations = firstDeactivations(commands)
  for (const { command, reply, beganAt } of commands) {
    const redeemed = reply.kind === 'ok' ? redeems(command) : undefined
    if (!redeemed) continue
    if (inactive.has(redeemed.code)) {
      return `User ${redeemed.userId} redeemed ${redeemed.code}, which was not active from the start.`
    }
    const endedAt = deactivations.get(redeemed.code)
    if (endedAt === undefined || endedAt >= beganAt) continue
    return `User ${redeemed.userId} redeemed ${redeemed.code} from step ${beganAt} on, although its deactivation had been answered with ok at step ${endedAt}.`
  }
  return unknownAfterDeactivation(run, redeems, (name) =>
    inactive.has(name) ? 0 : deactivations.get(name),
  )
}

/** A row that nobody who came in time can have written. Whoever was told `unknown` may have. */
function unknownAfterDeactivation<Command extends AnyCommand>(
  { initial, final, commands }: Observation<CouponState, Command>,
  redeems: Redeems<Command>,
  endOf: (name: string) => number | undefined,
): string | undefined {
  const codeOf = codesIn(final)
  const rowsIn = (state: CouponState, user: number, name: string): number =>
    state.redemption.filter((row) => row.user_id === user && codeOf(row.coupon_id) === name).length
  for (const { command, reply } of commands) {
    const redeemed = reply.kind === 'unknown' ? redeems(command) : undefined
    const endedAt = redeemed && endOf(redeemed.code)
    if (!redeemed || endedAt === undefined) continue
    const { userId: user, code: name } = redeemed
    const came = commands.filter(
      (each) =>
        (each.reply.kind === 'ok' || each.reply.kind === 'unknown') &&
        isSame(redeems(each.command), redeemed),
    )
    const isWritten = rowsIn(final, user, name) > rowsIn(initial, user, name)
    if (!isWritten || came.some(({ beganAt }) => beganAt <= endedAt)) continue
    return `User ${user}, who was told unknown, redeemed ${name} after its deactivation had been answered with ok at step ${endedAt}.`
  }
  return undefined
}

const isSame = (
  one: Pick<Redeem, 'userId' | 'code'> | undefined,
  other: Pick<Redeem, 'userId' | 'code'>,
): boolean => one?.userId === other.userId && one.code === other.code

const isDeactivate = (command: AnyCommand): command is Deactivate => command.kind === 'deactivate'

/** For each code, the step at which a deactivation was first answered with ok. */
function firstDeactivations(
  commands: readonly PerformedCommand<AnyCommand>[],
): Map<string, number> {
  const first = new Map<string, number>()
  for (const { command, reply, endedAt } of commands) {
    if (reply.kind !== 'ok' || !isDeactivate(command)) continue
    first.set(command.code, Math.min(endedAt, first.get(command.code) ?? endedAt))
  }
  return first
}

interface Account {
  readonly user: number
  readonly name: string
  /** Redemptions that were answered with ok, and with unknown. */
  ok: number
  unknown: number
  /** Rows that were not there at first. */
  added: number
}

function repliesAgainstRows<Command>(
  { initial, final, commands }: Observation<CouponState, Command>,
  redeems: Redeems<Command>,
): string | undefined {
  const accounts = new Map<string, Account>()
  const accountOf = (user: number, name: string): Account => {
    const key = `${user}/${name}`
    const account = accounts.get(key) ?? { user, name, ok: 0, unknown: 0, added: 0 }
    accounts.set(key, account)
    return account
  }
  for (const { command, reply } of commands) {
    const redeemed = redeems(command)
    if (!redeemed || (reply.kind !== 'ok' && reply.kind !== 'unknown')) continue
    accountOf(redeemed.userId, redeemed.code)[reply.kind] += 1
  }
  const codeOf = codesIn(final)
  for (const row of final.redemption) accountOf(row.user_id, codeOf(row.coupon_id)).added += 1
  for (const row of initial.redemption) accountOf(row.user_id, codeOf(row.coupon_id)).added -= 1
  for (const { user, name, ok: told, unknown, added } of accounts.values()) {
    if (told <= added && added <= told + unknown) continue
    const rows = final.redemption.filter(
      (row) => row.user_id === user && codeOf(row.coupon_id) === name,
    )
    return `User ${user} was told ok for ${count(told, 'redemption')} of ${name}${orUnknown(unknown)}, and ${rowsAdded(added)}: ${listRows('redemption', rows)}.`
  }
  return undefined
}
