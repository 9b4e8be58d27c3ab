import fc from 'fast-check'
import { z } from 'zod'
import {
  DatabaseError,
  defineStrategy,
  rejected,
  type AnyCommand,
  type AnyWorkload,
  type PerEngine,
  type Session,
  type Sql,
  type Strategy,
} from '../../harness/index.ts'
import type { Grain } from '../../harness/index.ts'
import type { Trial } from '../reduction.ts'

/** Statements that an actor sends one after the other, in one transaction or each on its own. */
export interface Script extends AnyCommand {
  readonly kind: 'script'
  readonly inTransaction: boolean
  readonly statements: readonly string[]
}

/** What each actor does, on which tables. */
export interface ScriptTrial {
  readonly actors: readonly (readonly Script[])[]
  readonly grain?: Grain
  /** What makes the two tables; by default `id INT PRIMARY KEY, v INT NOT NULL, u INT UNIQUE`. */
  readonly tables?: { readonly t: readonly string[]; readonly s: readonly string[] }
}

export const inTransaction = (...statements: readonly string[]): Script => ({
  kind: 'script',
  inTransaction: true,
  statements,
})

export const onItsOwn = (...statements: readonly string[]): Script => ({
  ...inTransaction(...statements),
  inTransaction: false,
})

const columns = 'id INT PRIMARY KEY, v INT NOT NULL, u INT UNIQUE'
const plainTables = {
  t: [`CREATE TABLE t (${columns})`],
  s: [`CREATE TABLE s (${columns})`],
}

const initial = {
  t: [
    { id: 1, v: 1, u: 1 },
    { id: 2, v: 2, u: 2 },
  ],
  s: [
    { id: 1, v: 1, u: null },
    { id: 3, v: 3, u: 3 },
  ],
}

/** As something that both kinds of search can be done of. */
export function toSearch({ actors, grain, tables = plainTables }: ScriptTrial): Trial {
  return {
    strategy: strategyOn(tables, actors),
    scenario: 'scripts',
    actors: actors.length,
    ...(grain && { grain }),
  }
}

function strategyOn(
  tables: Readonly<Record<'t' | 's', PerEngine<readonly string[]>>>,
  actors: ScriptTrial['actors'],
): Strategy {
  const workload: AnyWorkload = {
    name: 'scripts',
    summary: 'Statements that mean nothing.',
    tables: (['t', 's'] as const).map((name) => ({
      name,
      columns: ['id', 'v', 'u'],
      create: tables[name],
    })),
    schema: { state: z.any(), command: z.any() },
    arbitrary: { state: fc.constant(initial), command: fc.constantFrom(...actors.flat()) },
    scenarios: [{ name: 'scripts', summary: 'These.', start: () => ({ initial, actors }) }],
    model: (state: unknown) => ({ state, reply: rejected('there is no model') }),
    invariants: [],
    handlers: {},
    describe: ({ statements }: Script) => statements.join('; '),
  }
  return defineStrategy({
    name: 'scripts',
    workload,
    summary: 'Does what it is told, and answers with all that it has seen.',
    execute: (session, command) => perform(session, command as Script),
  })
}

async function perform(session: Session, { statements, ...script }: Script) {
  const seen: string[] = []
  const all = async ({ sql }: { readonly sql: Sql }) => {
    for (const each of statements) seen.push(await answerTo(sql, each))
  }
  try {
    await (script.inTransaction ? session.transaction(all) : all(session))
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error
    seen.push(error.errorClass)
  }
  return rejected(seen.join('; '))
}

/** The rows have no order. */
async function answerTo(sql: Sql, text: string): Promise<string> {
  const rows = await sql(template(text))
  const shown = rows.map((row) => JSON.stringify(Object.values(row as object))).toSorted()
  return `${rows.affectedRows} ${shown.join()}`
}

const templates = new Map<string, TemplateStringsArray>()

/** The same object for the same text, as it would be in code. */
function template(text: string): TemplateStringsArray {
  let known = templates.get(text)
  if (!known) {
    known = Object.assign([text], { raw: [text] })
    templates.set(text, known)
  }
  return known
}
