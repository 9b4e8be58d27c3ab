import fc from 'fast-check'
import { z } from 'zod'
import type { Reply } from '../reply.ts'
import type { Contention, LoadProfile, Rush, Workload } from '../workload.ts'
import { couponRush } from './coupon-rush.ts'
import { stockRush } from './stock-rush.ts'
import { couponsFor } from './coupon-load.ts'
import {
  code,
  couponArbitrary,
  couponInvariants,
  couponTables,
  deactivate,
  deactivateArbitrary,
  deactivateHandler,
  deactivateModel,
  describeCoupons,
  redeem,
  redeemArbitrary,
  redeemModel,
  tables as couponTableList,
  userId,
  type CouponState,
  type Deactivate,
  type Redeem,
} from './coupons.ts'
import { stockFor } from './stock-load.ts'
import {
  describeStock,
  productArbitrary,
  productId,
  purchase,
  purchaseArbitrary,
  purchaseModel,
  quantity,
  restock,
  restockArbitrary,
  restockHandler,
  restockModel,
  stockInvariants,
  stockTables,
  tables as stockTableList,
  type Purchase,
  type Restock,
  type StockState,
} from './stock.ts'

const checkoutCommand = z.strictObject({
  kind: z.literal('checkout'),
  userId: z.int(),
  code: z.string(),
  productId: z.int(),
  quantity: z.int(),
})

/** Buys a quantity of a product and redeems a coupon for it, both or neither. */
export type Checkout = Readonly<z.infer<typeof checkoutCommand>>
export type CheckoutState = CouponState & StockState
type Core = Checkout | Redeem | Purchase
type Command = Core | Deactivate | Restock
type CheckoutRows = { readonly [Table in keyof CheckoutState]: CheckoutState[Table] }

const checkoutArbitrary: fc.Arbitrary<Checkout> = fc.record({
  kind: fc.constant('checkout'),
  userId,
  code,
  productId,
  quantity,
})

function model(state: CheckoutRows, command: Command): { state: CheckoutRows; reply: Reply } {
  switch (command.kind) {
    case 'redeem':
      return redeemModel(state, command)
    case 'purchase':
      return purchaseModel(state, command)
    case 'deactivate':
      return deactivateModel(state, command)
    case 'restock':
      return restockModel(state, command)
    case 'checkout':
      return both(state, command)
  }
}

/** All or nothing: what was redeemed is undone when it cannot be bought. */
function both(state: CheckoutRows, command: Checkout): { state: CheckoutRows; reply: Reply } {
  const redeemed = redeemModel(state, command)
  if (redeemed.reply.kind !== 'ok') return redeemed
  const bought = purchaseModel(redeemed.state, command)
  return bought.reply.kind === 'ok' ? bought : { state, reply: bought.reply }
}

function describe(command: Command): string {
  switch (command.kind) {
    case 'redeem':
      return describeCoupons.redeem(command)
    case 'deactivate':
      return describeCoupons.deactivate(command)
    case 'purchase':
      return describeStock.purchase(command)
    case 'restock':
      return describeStock.restock(command)
    case 'checkout':
      return `checkout(user ${command.userId}, ${command.code}, ${command.quantity} of product ${command.productId})`
  }
}

const one = (stock: number): CheckoutRows => ({
  coupon: [{ id: 1, code: 'C1', active: true, cap: null }],
  redemption: [],
  product: [{ id: 1, stock }],
  purchase: [],
})

const checkoutBy = (user: number): Checkout => ({
  kind: 'checkout',
  userId: user,
  code: 'C1',
  productId: 1,
  quantity: 1,
})

const profile = (contention: Contention): LoadProfile<CheckoutRows, Command> => ({
  summary: `Users check out. ${couponsFor(contention).summary} ${stockFor(contention).summary}`,
  beyond: { ...couponsFor(contention).beyond, ...stockFor(contention).beyond },
  start(seed) {
    const coupons = couponsFor(contention).start(seed)
    const stock = stockFor(contention).start(seed)
    return {
      initial: { ...coupons.initial, ...stock.initial },
      command(number) {
        const bought = stock.command(number)
        if (bought.kind === 'restock') return bought
        return { ...bought, ...coupons.command(number), kind: 'checkout' }
      },
    }
  },
})

/** Every user comes twice, so that one item in two is not sold for that alone. */
const stockPerClient = 5

const rush: Rush<CheckoutRows, Command> = {
  ...stockRush,
  summary: 'All check out with the same coupon and buy the same product, each user twice.',
  supplyFor: (clients) => stockPerClient * clients,
  start(options) {
    const coupons = couponRush.start({ ...options, supply: options.clients })
    const stock = stockRush.start(options)
    return {
      initial: { ...coupons.initial, ...stock.initial },
      commands: coupons.commands.flatMap(({ userId: user, code: wanted }, index) => {
        const bought = stock.commands[index]
        return bought ? { ...bought, kind: 'checkout', userId: user, code: wanted } : []
      }),
    }
  },
  quantityOf: (command) => ('quantity' in command ? command.quantity : 0),
}

const load = { hot: profile('hot'), spread: profile('spread') }

/** Users redeem a coupon and buy a product in one transaction, or do one of the two. */
export const checkout: Workload<CheckoutRows, Command, Core> = {
  name: 'checkout',
  summary: 'Users redeem a coupon and buy a product in one transaction, or do one of the two.',
  tables: [...couponTableList, ...stockTableList],
  schema: {
    state: z.strictObject({ ...couponTables, ...stockTables }),
    command: z.discriminatedUnion('kind', [checkoutCommand, redeem, deactivate, purchase, restock]),
  },
  arbitrary: {
    state: fc
      .record({ coupon: couponArbitrary, product: productArbitrary })
      .map(({ coupon, product }) => ({ coupon, redemption: [], product, purchase: [] })),
    command: fc.oneof(
      { withCrossShrink: true },
      { arbitrary: checkoutArbitrary, weight: 4 },
      { arbitrary: redeemArbitrary, weight: 2 },
      { arbitrary: purchaseArbitrary, weight: 2 },
      { arbitrary: deactivateArbitrary, weight: 1 },
      { arbitrary: restockArbitrary, weight: 1 },
    ),
  },
  scenarios: [
    {
      name: 'same-user',
      summary: 'One user checks out with the same coupon several times at once.',
      start: (actors) => ({
        initial: one(actors),
        actors: Array.from({ length: actors }, () => [checkoutBy(1)]),
      }),
    },
    {
      name: 'last-item',
      summary: 'Several users check out the last item of one product with the same coupon.',
      start: (actors) => ({
        initial: one(1),
        actors: Array.from({ length: actors }, (_, index) => [checkoutBy(index + 1)]),
      }),
    },
  ],
  model,
  load,
  rush,
  invariants: [
    ...couponInvariants<CheckoutRows, Command>((command) =>
      command.kind === 'checkout' || command.kind === 'redeem' ? command : undefined,
    ),
    ...stockInvariants<CheckoutRows, Command>((command) =>
      command.kind === 'checkout' || command.kind === 'purchase' ? command : undefined,
    ),
  ],
  handlers: { deactivate: deactivateHandler, restock: restockHandler },
  describe,
}
