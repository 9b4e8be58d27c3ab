import { dirname } from 'node:path'
import mysql from 'mysql2'
import pg from 'pg'
import {
  defineApplication,
  defineStrategy,
  ok,
  prepareLane,
  purchase,
  rejected,
  type Engine,
  type EngineName,
  type Lane,
  type Purchase,
  type Reply,
  type StartOptions,
  type Strategy,
} from '../harness/index.ts'
import { askingBy, type Ask } from '../harness/application/fixtures/shop.ts'
import { median, timed, warmUp, type Measure } from './metric.ts'
import { oneByOne, startOf } from './schedules.ts'

/** Schedules that one does before it is the other's turn. */
const turn = 12

async function buy(ask: Ask, { userId, productId, quantity }: Purchase): Promise<Reply> {
  await ask('BEGIN')
  const [product] = await ask('SELECT id, stock FROM product WHERE id = ?', productId)
  const stock = (product?.['stock'] ?? 0) as number
  if (stock < quantity) {
    await ask('ROLLBACK')
    return rejected('not enough stock')
  }
  await ask('UPDATE product SET stock = stock - ? WHERE id = ?', quantity, productId)
  await ask(
    'INSERT INTO purchase (user_id, product_id, quantity) VALUES (?, ?, ?)',
    userId,
    productId,
    quantity,
  )
  await ask('COMMIT')
  return ok()
}

const direct = defineStrategy({
  name: 'direct',
  workload: purchase,
  summary: 'Sends its statements through the session.',
  execute: (session, command) => buy(askingBy(session), command),
})

interface Connection {
  readonly ask: Ask
  end(): void
}

/** The same driver as Lockstep's, which prepares as Lockstep has it prepare. */
const connections = {
  postgres: async ({ url, unixSocket }) => {
    const { username, password, pathname } = new URL(url)
    const client = new pg.Client({
      user: decodeURIComponent(username),
      password: decodeURIComponent(password),
      database: pathname.slice(1),
      // As Lockstep's own sessions go to the server that it has started.
      host: dirname(await unixSocket()),
    })
    client.on('error', () => {})
    await client.connect()
    const known = new Map<string, { readonly name: string; readonly text: string }>()
    const prepare = (text: string): { readonly name: string; readonly text: string } => {
      let number = 0
      const numbered = text.replaceAll('?', () => `$${(number += 1)}`)
      const prepared = { name: `s${known.size}`, text: numbered }
      known.set(text, prepared)
      return prepared
    }
    return {
      ask: async (text, ...values) => {
        const query = values.length === 0 ? { text } : (known.get(text) ?? prepare(text))
        const { rows } = await client.query<Record<string, unknown>>({
          ...query,
          values: [...values],
        })
        return rows
      },
      end: () => void client.end(),
    }
  },
  mysql: openInnodb,
  mariadb: openInnodb,
} satisfies Record<EngineName, (options: StartOptions) => Promise<Connection>>

function openInnodb({ url }: StartOptions): Promise<Connection> {
  const connection = mysql.createConnection({ uri: url.replace('mariadb:', 'mysql:') })
  connection.on('error', () => {})
  const ask: Ask = (text, ...values) =>
    new Promise((resolve, reject) => {
      const done = (error: Error | null, rows: unknown): void =>
        error ? reject(error) : resolve(rows as Record<string, unknown>[])
      if (values.length === 0) connection.query(text, done)
      else connection.execute(text, [...values], done)
    })
  return Promise.resolve({ ask, end: () => connection.end() })
}

const through = defineApplication({
  name: 'through',
  workload: purchase,
  summary: 'Sends the same statements over a connection of its own.',
  actors: 'own',
  start: (options): Promise<Connection> => connections[options.engine](options),
  execute: ({ ask }, command) => buy(ask, command),
  stop: ({ end }) => end(),
})

/**
 * Every interleaving of two buyers, once by a strategy and once by an application with the same
 * statements and the same driver: what is left is what the proxy costs.
 */
export const proxySideBySide: Measure = async (engine, server, rounds) => {
  const lanes: Lane[] = []
  const open = async (strategy: Strategy): Promise<Lane> => {
    const lane = await engine.openLane(server, { isolation: engine.defaultIsolation })
    lanes.push(lane)
    await prepareLane(lane, strategy)
    return lane
  }
  try {
    const own = await open(direct)
    const other = await open(through)
    const ratios: number[] = []
    for (let round = 0; round < rounds + warmUp(rounds); round++) {
      const { directMs, throughMs } = await inTurns(own, other)
      if (round >= warmUp(rounds)) ratios.push(directMs / throughMs)
    }
    return [metricOf(engine, ratios)]
  } finally {
    for (const lane of lanes) await lane.close()
  }
}

const metricOf = (engine: Engine, ratios: readonly number[]) => ({
  name: `${engine.name}/proxy/vs-session`,
  value: median(ratios),
  unit: 'ratio' as const,
  // A quarter more time.
  bar: 0.8,
})

async function inTurns(
  own: Lane,
  other: Lane,
): Promise<{ readonly directMs: number; readonly throughMs: number }> {
  const [first, second] = [
    oneByOne(own, direct, startOf(direct)),
    oneByOne(other, through, startOf(through)),
  ]
  const total = { directMs: 0, throughMs: 0 }
  const one = { ended: false }
  while (!one.ended) {
    total.directMs += await timed(async () => {
      one.ended = !(await several(first))
    })
    total.throughMs += await timed(() => several(second))
  }
  return total
}

/** Whether any are left. */
async function several(schedules: AsyncGenerator<unknown, void>): Promise<boolean> {
  let done: boolean | undefined = false
  for (let count = 0; count < turn && !done; count++) ({ done } = await schedules.next())
  return !done
}
