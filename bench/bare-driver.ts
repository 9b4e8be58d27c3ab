import type mysql from 'mysql2'
import pg from 'pg'
import { connect, disconnect } from '../harness/databases/engines/innodb/client.ts'
import * as innodb from '../harness/databases/engines/innodb/dialect.ts'
import { withDatabase } from '../harness/databases/engines/postgres/client.ts'
import * as postgres from '../harness/databases/engines/postgres/dialect.ts'
import { renderStatement, type SqlValue, type Statement } from '../harness/databases/statement.ts'
import type {
  DatabaseServer,
  EngineName,
  Lane,
  Plan,
  RunRecord,
  Strategy,
} from '../harness/index.ts'

type Who = 'A' | 'B' | 'control'

/** What the bare driver does next: send something, or go on when what it has sent is answered. */
type Move =
  | {
      readonly kind: 'send'
      readonly by: Who
      readonly text: string
      readonly values: readonly SqlValue[]
      /** Whether it waits for a lock, and others go on before it is answered. */
      waits: boolean
    }
  | { readonly kind: 'answered'; readonly by: Who }

/** The statements of one run of two actors. */
export type Script = readonly Move[]

const whoIs = (actor: number): Who => (actor === 0 ? 'A' : 'B')

/**
 * What Lockstep sent in a run, in the same order: the reset before it, the actors' statements, and
 * the reads of the state after each commit. Who waits for a lock is known from the run.
 */
export function scriptOf(
  engine: EngineName,
  strategy: Strategy,
  plan: Plan,
  { history }: RunRecord,
): Script {
  const { tables } = strategy.workload
  const { reset, observe, render } = texts[engine]
  const script: Move[] = [control(reset(tables, plan))]
  const last: Partial<Record<Who, Extract<Move, { kind: 'send' }>>> = {}
  for (const event of history) {
    const by = whoIs(event.actor)
    const sent = last[by]
    if (event.kind === 'blocked' && sent) sent.waits = true
    if (event.kind === 'unblocked') script.push({ kind: 'answered', by })
    if (event.kind !== 'sent' || event.request.kind !== 'statement') continue
    const { statement } = event.request
    const text = render(statement)
    const move: Move = { kind: 'send', by, text, values: statement.params, waits: false }
    last[by] = move
    script.push(move)
    if (text === 'COMMIT') script.push(control(observe(tables)))
  }
  return script
}

const control = (text: string): Move => ({
  kind: 'send',
  by: 'control',
  text,
  values: [],
  waits: false,
})

type Tables = Strategy['workload']['tables']

interface Texts {
  reset(tables: Tables, plan: Plan): string
  observe(tables: Tables): string
  render(statement: Statement): string
}

const innodbTexts: Texts = {
  reset: (tables, plan) => innodb.resetSql(tables, plan.initial),
  observe: innodb.observeSql,
  render: (statement) => renderStatement(statement, () => '?'),
}

const texts = {
  postgres: {
    reset: (tables, plan) => postgres.resetSql(tables, plan.initial),
    observe: postgres.observeSql,
    render: (statement) => renderStatement(statement, (_, index) => `$${index + 1}`),
  },
  mysql: innodbTexts,
  mariadb: innodbTexts,
} satisfies Record<EngineName, Texts>

/** One connection of a driver. */
interface Connection {
  send(text: string, values: readonly SqlValue[]): Promise<unknown>
  close(): Promise<void>
}

/** `pg` or `mysql2` and nothing else, on the same kind of connections as Lockstep's. */
export class BareDriver {
  readonly #connections: Readonly<Record<Who, Connection>>

  private constructor(connections: Readonly<Record<Who, Connection>>) {
    this.#connections = connections
  }

  /** Works on the tables of a lane that nobody else uses. */
  static async connect(server: DatabaseServer, lane: Lane): Promise<BareDriver> {
    const open = () => openConnection[lane.engine.name](server, lane)
    return new BareDriver({ A: await open(), B: await open(), control: await open() })
  }

  async play(scripts: readonly Script[]): Promise<void> {
    for (const script of scripts) await this.#play(script)
  }

  async #play(script: Script): Promise<void> {
    const waiting: Partial<Record<Who, Promise<unknown>>> = {}
    for (const move of script) {
      if (move.kind === 'answered') {
        await waiting[move.by]
        continue
      }
      const answer = this.#connections[move.by].send(move.text, move.values)
      if (move.waits) waiting[move.by] = answer
      else await answer
    }
  }

  /** Lockstep does this for its own lane on PostgreSQL, at the latest after 400 resets. */
  async vacuum(lane: Lane, tables: Tables): Promise<void> {
    if (lane.engine.name !== 'postgres') return
    for (const { name } of tables) await this.#connections.control.send(`VACUUM ${name}`, [])
  }

  async close(): Promise<void> {
    for (const connection of Object.values(this.#connections)) await connection.close()
  }
}

async function openPostgres(server: DatabaseServer, lane: Lane): Promise<Connection> {
  const client = new pg.Client({ connectionString: withDatabase(server.url, lane.database) })
  await client.connect()
  const names = new Map<string, string>()
  const nameOf = (text: string): string => {
    const name = names.get(text) ?? `s${names.size}`
    names.set(text, name)
    return name
  }
  return {
    send: (text, values) =>
      client.query(
        values.length === 0 ? { text } : { name: nameOf(text), text, values: [...values] },
      ),
    close: () => client.end(),
  }
}

async function openInnodb(server: DatabaseServer, lane: Lane): Promise<Connection> {
  const { database } = lane
  const options = { database, multipleStatements: true }
  const connection = await connect(lane.engine.title, server.url, options)
  return {
    send: (text, values) =>
      new Promise((resolve, reject) => {
        const done = (error: mysql.QueryError | null, answer: unknown): void => {
          if (error) reject(error)
          else resolve(answer)
        }
        if (values.length === 0) connection.query(text, done)
        else connection.execute(text, [...values], done)
      }),
    close: () => disconnect(connection),
  }
}

const openConnection = {
  postgres: openPostgres,
  mysql: openInnodb,
  mariadb: openInnodb,
} satisfies Record<EngineName, (server: DatabaseServer, lane: Lane) => Promise<Connection>>
