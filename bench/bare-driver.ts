import pg from 'pg'
import { withDatabase } from '../harness/databases/engines/postgres/client.ts'
import { observeSql, resetSql } from '../harness/databases/engines/postgres/dialect.ts'
import { renderStatement } from '../harness/databases/statement.ts'
import type { DatabaseServer, Lane, Plan, RunRecord, Strategy } from '../harness/index.ts'

/** A statement as the bare driver sends it, and by whom. */
interface Sent {
  readonly by: 'A' | 'B' | 'control'
  readonly query: pg.QueryConfig
}

/** The statements of one run of two actors. */
export type Script = readonly Sent[]

/**
 * What Lockstep sent in a run, in the same order: the reset before it, the actors' statements, and
 * the reads of the state after each commit.
 */
export function scriptOf(strategy: Strategy, plan: Plan, { history }: RunRecord): Script {
  const { tables } = strategy.workload
  const observe: Sent = { by: 'control', query: { name: 'observe', text: observeSql(tables) } }
  const script: Sent[] = [{ by: 'control', query: { text: resetSql(tables, plan.initial) } }]
  for (const event of history) {
    if (event.kind !== 'sent' || event.request.kind !== 'statement') continue
    const { statement } = event.request
    const text = renderStatement(statement, (_, index) => `$${index + 1}`)
    const values = [...statement.params]
    const query = values.length === 0 ? { text } : { name: nameOf(text), text, values }
    script.push({ by: event.actor === 0 ? 'A' : 'B', query })
    if (text === 'COMMIT') script.push(observe)
  }
  return script
}

const names = new Map<string, string>()

function nameOf(text: string): string {
  const name = names.get(text) ?? `s${names.size}`
  names.set(text, name)
  return name
}

/** `pg` and nothing else: one statement after the other, on the same kind of sessions. */
export class BareDriver {
  readonly #clients: Readonly<Record<Sent['by'], pg.Client>>

  private constructor(clients: Readonly<Record<Sent['by'], pg.Client>>) {
    this.#clients = clients
  }

  /** Works on the tables of a lane that nobody else uses. */
  static async connect(server: DatabaseServer, lane: Lane): Promise<BareDriver> {
    const connected = async (): Promise<pg.Client> => {
      const client = new pg.Client({ connectionString: withDatabase(server.url, lane.database) })
      await client.connect()
      return client
    }
    return new BareDriver({
      A: await connected(),
      B: await connected(),
      control: await connected(),
    })
  }

  async play(scripts: readonly Script[]): Promise<void> {
    for (const script of scripts) {
      for (const { by, query } of script) await this.#clients[by].query(query)
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
