import fc from 'fast-check'
import { z } from 'zod'
import type { Table } from '../databases/engine.ts'
import type { Invariant, Observation, PerformedCommand } from '../invariant.ts'
import { ok, rejected, type Reply } from '../reply.ts'
import type { AnyCommand, Handler } from '../workload.ts'
import { count, rowsAdded } from '../words.ts'
import { listRows, mostListed, orUnknown } from './rows.ts'

/** Products with stock and their purchases: what the workloads `purchase` and `checkout` share. */

const product = z.strictObject({ id: z.int(), stock: z.int() })
const purchaseRow = z.strictObject({ user_id: z.int(), product_id: z.int(), quantity: z.int() })

export const stockTables = { product: z.array(product), purchase: z.array(purchaseRow) }

export type ProductRow = Readonly<z.infer<typeof product>>
export type PurchaseRow = Readonly<z.infer<typeof purchaseRow>>
export type StockState = {
  readonly product: readonly ProductRow[]
  readonly purchase: readonly PurchaseRow[]
}

export const purchase = z.strictObject({
  kind: z.literal('purchase'),
  userId: z.int(),
  productId: z.int(),
  quantity: z.int(),
})
export const restock = z.strictObject({
  kind: z.literal('restock'),
  productId: z.int(),
  quantity: z.int(),
})

/** Buys a quantity of a product, in pieces, for a user. */
export type Purchase = Readonly<z.infer<typeof purchase>>
/** Adds a quantity to the stock of a product, in pieces. */
export type Restock = Readonly<z.infer<typeof restock>>
/** What is bought, whatever else the command does. */
export type Bought = Pick<Purchase, 'userId' | 'productId' | 'quantity'>

export const tables: readonly Table[] = [
  {
    name: 'product',
    columns: ['id', 'stock'],
    create: ['CREATE TABLE product (id INT PRIMARY KEY, stock INT NOT NULL)'],
  },
  {
    name: 'purchase',
    columns: ['user_id', 'product_id', 'quantity'],
    create: [
      'CREATE TABLE purchase (user_id INT NOT NULL, product_id INT NOT NULL, quantity INT NOT NULL)',
    ],
  },
]

export const productId = fc.integer({ min: 1, max: 2 })
export const quantity = fc.integer({ min: 1, max: 3 })
const userId = fc.integer({ min: 1, max: 3 })

const drawnStock = fc.nat({ max: 4 })

/** One product or two. */
export const productArbitrary: fc.Arbitrary<ProductRow[]> = fc
  .tuple(drawnStock, fc.option(drawnStock, { freq: 2 }))
  .map((stocks) =>
    stocks.flatMap((each, index) => (each === null ? [] : [{ id: index + 1, stock: each }])),
  )

export const purchaseArbitrary: fc.Arbitrary<Purchase> = fc.record({
  kind: fc.constant('purchase'),
  userId,
  productId,
  quantity,
})
export const restockArbitrary: fc.Arbitrary<Restock> = fc.record({
  kind: fc.constant('restock'),
  productId,
  quantity,
})

/** What purchase and restock do when they are alone. */
export function purchaseModel<State extends StockState>(
  state: State,
  { userId: user_id, productId: product_id, quantity: wanted }: Bought,
): { state: State; reply: Reply } {
  const found = state.product.find(({ id }) => id === product_id)
  if (!found) return { state, reply: rejected('no such product') }
  if (found.stock < wanted) return { state, reply: rejected('not enough stock') }
  const bought = { user_id, product_id, quantity: wanted }
  return {
    state: { ...changeStock(state, product_id, -wanted), purchase: [...state.purchase, bought] },
    reply: ok(),
  }
}

export function restockModel<State extends StockState>(
  state: State,
  command: Restock,
): { state: State; reply: Reply } {
  if (!state.product.some(({ id }) => id === command.productId)) {
    return { state, reply: rejected('no such product') }
  }
  return { state: changeStock(state, command.productId, command.quantity), reply: ok() }
}

function changeStock<State extends StockState>(state: State, id: number, by: number): State {
  const after = state.product.map((each) =>
    each.id === id ? { ...each, stock: each.stock + by } : each,
  )
  return { ...state, product: after }
}

export const restockHandler: Handler<Restock> = async (session, command) => {
  const done =
    await session.sql`UPDATE product SET stock = stock + ${command.quantity} WHERE id = ${command.productId}`
  return done.affectedRows === 0 ? rejected('no such product') : ok()
}

export const describeStock = {
  purchase: (command: Purchase) =>
    `purchase(user ${command.userId}, ${command.quantity} of product ${command.productId})`,
  restock: (command: Restock) => `restock(${command.quantity} of product ${command.productId})`,
}

/** Reads from a command what it buys, if it buys anything. */
type Buys<Command> = (command: Command) => Bought | undefined

/** The invariants of stock, for a workload whose commands buy as `buys` says. */
export function stockInvariants<State extends StockState, Command extends AnyCommand>(
  buys: Buys<Command>,
): Invariant<State, Command>[] {
  return [
    {
      name: 'stock-never-negative',
      summary: 'The stock of a product is below zero in no committed state.',
      check: negativeStock,
    },
    {
      name: 'stock-conserved',
      summary: 'Initial stock, plus what was restocked, less what was sold, is what is left.',
      check: unaccountedStock,
    },
    {
      name: 'bought-once',
      summary: 'Nobody buys more often than they have asked to, whatever they were told.',
      check: (run) => boughtTooOften(run, buys),
    },
    {
      name: 'ok-has-its-purchase',
      summary: 'Every purchase that was answered with ok has its row, and no other has one.',
      check: (run) => repliesAgainstRows(run, buys),
    },
  ]
}

function negativeStock(run: Observation<StockState, AnyCommand>): string | undefined {
  for (const [index, state] of [...run.committed, run.final].entries()) {
    const oversold = state.product.filter(({ stock }) => stock < 0)
    if (oversold.length === 0) continue
    const when = index < run.committed.length ? `after commit ${index + 1}` : 'at the end'
    return `Stock is below zero ${when}: ${listRows('product', oversold)}.`
  }
  return undefined
}

function unaccountedStock(run: Observation<StockState, AnyCommand>): string | undefined {
  const restocked = restockings(run.commands, 'ok')
  const perhaps = restockings(run.commands, 'unknown')
  const [soldBefore, sold] = [soldIn(run.initial), soldIn(run.final)]
  const [initials, lefts] = [stockIn(run.initial), stockIn(run.final)]
  for (const id of new Set([...initials.keys(), ...lefts.keys()])) {
    const left = lefts.get(id) ?? 0
    const initial = initials.get(id) ?? 0
    const added = sum(restocked.get(id) ?? [])
    const taken = (sold.get(id) ?? 0) - (soldBefore.get(id) ?? 0)
    const expected = initial + added - taken
    if (sumsOf(perhaps.get(id) ?? []).has(left - expected)) continue
    const rows = run.final.purchase.filter(({ product_id }) => product_id === id)
    return `Product ${id} had ${initial}, ${added} were restocked and ${taken} sold, so ${expected} should be left, and ${left} are: ${listRows('product', [{ id, stock: left }])}; ${listRows('purchase', rows)}.`
  }
  return undefined
}

/** What some of the numbers, or none, or all may add up to. */
function sumsOf(numbers: readonly number[]): Set<number> {
  let sums = new Set([0])
  for (const number of numbers) sums = sums.union(new Set([...sums].map((each) => each + number)))
  return sums
}

/** The stock of each product, by id. */
const stockIn = ({ product: rows }: StockState): Map<number, number> =>
  new Map(rows.map(({ id, stock }) => [id, stock]))

/** How many of each product the rows say are sold. */
function soldIn({ purchase: rows }: StockState): Map<number, number> {
  const sold = new Map<number, number>()
  for (const row of rows) {
    sold.set(row.product_id, (sold.get(row.product_id) ?? 0) + row.quantity)
  }
  return sold
}

/** Quantities of the restockings that were answered like that, by product. */
function restockings(
  commands: readonly PerformedCommand<AnyCommand>[],
  kind: Reply['kind'],
): Map<number, number[]> {
  const quantities = new Map<number, number[]>()
  for (const { command, reply } of commands) {
    if (reply.kind !== kind || !isRestock(command)) continue
    const known = quantities.get(command.productId)
    if (known) known.push(command.quantity)
    else quantities.set(command.productId, [command.quantity])
  }
  return quantities
}

const isRestock = (command: AnyCommand): command is Restock => command.kind === 'restock'

interface Account {
  readonly row: PurchaseRow
  /** Purchases that were asked for; those of them that were answered with ok, and with unknown. */
  asked: number
  owed: number
  maybe: number
  /** Rows that were not there at first. */
  added: number
}

/** What everybody has asked for and been told, and what has become of it. */
function accountsOf<Command>(
  run: Observation<StockState, Command>,
  buys: Buys<Command>,
): Iterable<Account> {
  const accounts = new Map<string, Account>()
  const account = (row: PurchaseRow): Account => {
    const key = `${row.user_id}/${row.product_id}/${row.quantity}`
    const entry = accounts.get(key) ?? { row, asked: 0, owed: 0, maybe: 0, added: 0 }
    accounts.set(key, entry)
    return entry
  }
  for (const { command, reply } of run.commands) {
    const bought = buys(command)
    if (!bought) continue
    const entry = account(rowOf(bought))
    entry.asked += 1
    if (reply.kind === 'ok') entry.owed += 1
    if (reply.kind === 'unknown') entry.maybe += 1
  }
  for (const row of run.final.purchase) account(row).added += 1
  for (const row of run.initial.purchase) account(row).added -= 1
  return accounts.values()
}

function boughtTooOften<Command>(
  run: Observation<StockState, Command>,
  buys: Buys<Command>,
): string | undefined {
  for (const { row, asked, added } of accountsOf(run, buys)) {
    if (added <= asked) continue
    return `User ${row.user_id} asked ${count(asked, 'time')} for ${row.quantity} of product ${row.product_id}, and ${rowsAdded(added)}: ${listRowsOf(run.final.purchase, row.user_id)}.`
  }
  return undefined
}

function repliesAgainstRows<Command>(
  run: Observation<StockState, Command>,
  buys: Buys<Command>,
): string | undefined {
  for (const { row, owed, maybe, added } of accountsOf(run, buys)) {
    if (owed <= added && added <= owed + maybe) continue
    return `User ${row.user_id} was told ok for ${count(owed, 'purchase')} of ${row.quantity} of product ${row.product_id}${orUnknown(maybe)}, and ${rowsAdded(added)}: ${listRowsOf(run.final.purchase, row.user_id)}.`
  }
  return undefined
}

/** All rows, as one of somebody else may be the one that is missing; but where they are many, the user's. */
function listRowsOf(rows: readonly PurchaseRow[], user: number): string {
  if (rows.length <= mostListed) return listRows('purchase', rows)
  const own = rows.filter(({ user_id }) => user_id === user)
  const others = count(rows.length - own.length, 'row')
  return `${own.length === 0 ? '' : `${listRows('purchase', own)}, and `}${others} of others`
}

const rowOf = ({ userId: user, productId: id, quantity: bought }: Bought): PurchaseRow => ({
  user_id: user,
  product_id: id,
  quantity: bought,
})

const sum = (numbers: readonly number[]): number =>
  numbers.reduce((total, number) => total + number, 0)
