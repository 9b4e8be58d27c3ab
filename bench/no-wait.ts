import pg from 'pg'
import {
  prepareLane,
  type Lane,
  type Plan,
  type RunRecord,
  type Strategy,
} from '../harness/index.ts'
import { observeSql, resetSql } from '../harness/databases/engines/postgres/dialect.ts'
import { withDatabase } from '../harness/databases/engines/postgres/client.ts'
import { renderStatement } from '../harness/databases/statement.ts'
import checkThenInsert from '../strategies/redemption/check-then-insert.ts'
import { median, timed, warmUp, type Measure } from './metric.ts'
import { oneByOne, startOf } from './schedules.ts'

/** Schedules that one does before it is the other's turn. */
const turn = 12

/** A statement as the bare driver sends it, and by whom. */
interface Sent {
  readonly by: 'A' | 'B' | 'control'
  readonly query: pg.QueryConfig
}

/**
 * The 252 interleavings of two five-statement sessions, through Lockstep and with bare `pg`: the same
 * statements in the same order on the same kind of sessions, with the reset before each run and the
 * reads of the state after each commit that Lockstep makes. What is left is what Lockstep costs.
 */
export const versusBareDriver: Measure = async (engine, server, rounds) => {
  const strategy = checkThenInsert
  const plan = startOf(strategy)
  const lanes = [await openLane(), await openLane()] as const
  async function openLane(): Promise<Lane> {
    const lane = await engine.openLane(server, { isolation: engine.defaultIsolation })
    await prepareLane(lane, strategy)
    return lane
  }
  const [own, others] = lanes
  const script: Sent[][] = []
  for await (const record of oneByOne(own, strategy, plan)) {
    script.push(asSent(strategy, plan, record))
  }
  const driver = await BareDriver.connect(withDatabase(server.url, others.database))
  try {
    const ratios: number[] = []
    const rates: number[] = []
    for (let round = 0; round < rounds + warmUp(rounds); round++) {
      const { lockstepMs, bareMs } = await sideBySide(own, strategy, plan, driver, script)
      if (round < warmUp(rounds)) continue
      ratios.push(bareMs / lockstepMs)
      rates.push((script.length * 1000) / lockstepMs)
    }
    return [
      {
        name: 'postgres/no-wait/vs-bare-driver',
        value: median(ratios),
        unit: 'ratio',
        bar: 0.85,
      },
      { name: 'postgres/no-wait/rate', value: median(rates), unit: 'schedules/s' },
    ]
  } finally {
    await driver.close()
    for (const lane of lanes) await lane.close()
  }
}

/**
 * Both do every schedule once, taking turns after each few: whatever else the machine is doing then
 * slows both down alike.
 */
async function sideBySide(
  lane: Lane,
  strategy: Strategy,
  plan: Plan,
  driver: BareDriver,
  script: readonly (readonly Sent[])[],
): Promise<{ readonly lockstepMs: number; readonly bareMs: number }> {
  const schedules = oneByOne(lane, strategy, plan)
  const total = { lockstepMs: 0, bareMs: 0 }
  for (let from = 0; from < script.length; from += turn) {
    const part = script.slice(from, from + turn)
    total.lockstepMs += await timed(async () => {
      for (const _ of part) await schedules.next()
    })
    total.bareMs += await timed(() => driver.play(part))
  }
  await schedules.next() // lets it find that none is left
  await driver.vacuum()
  return total
}

function asSent(strategy: Strategy, plan: Plan, { history }: RunRecord): Sent[] {
  const { tables } = strategy.workload
  const observe: Sent = {
    by: 'control',
    query: { name: 'observe', text: observeSql(tables) },
  }
  const sent: Sent[] = [{ by: 'control', query: { text: resetSql(tables, plan.initial) } }]
  for (const event of history) {
    if (event.kind !== 'sent' || event.request.kind !== 'statement') continue
    const { statement } = event.request
    const text = renderStatement(statement, (_, index) => `$${index + 1}`)
    const values = [...statement.params]
    const query = values.length === 0 ? { text } : { name: nameOf(text), text, values }
    sent.push({ by: event.actor === 0 ? 'A' : 'B', query })
    if (text === 'COMMIT') sent.push(observe)
  }
  return sent
}

const names = new Map<string, string>()

function nameOf(text: string): string {
  const name = names.get(text) ?? `s${names.size}`
  names.set(text, name)
  return name
}

class BareDriver {
  readonly #clients: Readonly<Record<Sent['by'], pg.Client>>

  private constructor(clients: Readonly<Record<Sent['by'], pg.Client>>) {
    this.#clients = clients
  }

  static async connect(url: string): Promise<BareDriver> {
    const connected = async (): Promise<pg.Client> => {
      const client = new pg.Client({ connectionString: url })
      await client.connect()
      return client
    }
    return new BareDriver({
      A: await connected(),
      B: await connected(),
      control: await connected(),
    })
  }

  async play(script: readonly (readonly Sent[])[]): Promise<void> {
    for (const schedule of script) {
      for (const { by, query } of schedule) await this.#clients[by].query(query)
    }
  }

  /** Lockstep does this for its own lane, at the latest after 400 resets. */
  async vacuum(): Promise<void> {
    await this.#clients.control.query('VACUUM coupon')
    await this.#clients.control.query('VACUUM redemption')
  }

  async close(): Promise<void> {
    for (const client of Object.values(this.#clients)) await client.end()
  }
}
