import pg from 'pg'
import type { SqlValue } from '../../statement.ts'
import { BoundedMap } from '../bounded-map.ts'
import type { MessageBody } from './message-body.ts'
import type { BoundText, TemplateKeeper } from './templates.ts'
import { isBinaryAt, readParameter, type Field, type Formats } from './values.ts'

/** A statement that was prepared, under a name or none. */
export interface Prepared extends TemplateKeeper {
  readonly text: string
  /** Of its parameters, by object number; 0 where the server is to find out. */
  types: readonly number[]
  /** Its columns, once the server has described them. Their formats are the portal's. */
  fields: readonly Field[] | undefined
}

/** A statement with its parameters, ready to be executed. */
export interface Portal {
  readonly statement: Prepared
  readonly values: readonly SqlValue[]
  readonly formats: Formats
  /** Its columns, where it was described itself. */
  fields: readonly Field[] | undefined
}

export type Described =
  | { readonly kind: 'describe statement'; readonly statement: Prepared | undefined }
  | { readonly kind: 'describe portal'; readonly portal: Portal | undefined }

/** What a name stands for, from when a client has said so. */
export class Definition {
  /** Undefined where it was closed. */
  readonly statement: Prepared | undefined
  readonly before: Definition | undefined
  readonly #whenAgreed: (definition: Definition) => void
  isRefused = false

  /** @param before what the name stood for, which it still does if the server refuses */
  constructor(
    statement: Prepared | undefined,
    before: Definition | undefined,
    whenAgreed: (definition: Definition) => void,
  ) {
    this.statement = statement
    this.before = before
    this.#whenAgreed = whenAgreed
  }

  /** The server has done what it was asked. */
  agree(): void {
    this.#whenAgreed(this)
  }

  /** The server has refused it, or passed over it after an error. */
  refuse(): void {
    this.isRefused = true
  }
}

/** Of which at least half are kept: see {@link BoundedMap}. */
const mostNames = 20_000

/**
 * What a client has prepared and bound, as of what it has sent: the server may be behind, and may
 * refuse.
 */
export class PreparedNames {
  readonly #statements: BoundedMap<Definition>
  readonly #portals: BoundedMap<Portal>

  /** @param limit for the texts and the values that are remembered, in characters */
  constructor(limit: number) {
    this.#statements = new BoundedMap(
      mostNames,
      limit,
      ({ statement }) => statement?.text.length ?? 0,
    )
    this.#portals = new BoundedMap(mostNames, limit, charactersOf)
  }

  parse(body: MessageBody): Definition {
    const name = body.string()
    const text = body.string()
    const types = body.list(() => body.uint32())
    body.end()
    return this.#define(name, { text, types, fields: undefined })
  }

  bind(body: MessageBody): void {
    const portal = body.string()
    const name = body.string()
    const formats = body.list(() => body.int16())
    const values = body.list(() => body.value())
    const resultFormats = body.list(() => body.int16())
    body.end()
    const statement = this.#statementOf(name) ?? unknownStatement(name, values.length)
    this.#portals.set(portal, {
      statement,
      values: values.map((value, index) =>
        readParameter(statement.types[index] ?? 0, isBinaryAt(formats, index), value),
      ),
      formats: resultFormats,
      fields: undefined,
    })
  }

  /** What is to be described, if it is known. */
  describe(body: MessageBody): Described {
    const { isPortal, name } = readTarget(body)
    return isPortal
      ? { kind: 'describe portal', portal: this.#portals.get(name) }
      : { kind: 'describe statement', statement: this.#statementOf(name) }
  }

  /** Nothing where it is a portal: these come and go with every transaction. */
  close(body: MessageBody): Definition | undefined {
    const { isPortal, name } = readTarget(body)
    if (!isPortal) return this.#define(name, undefined)
    this.#portals.delete(name)
    return undefined
  }

  /** What is to be executed, and the portal if it is known: SQL can declare one too. */
  execute(body: MessageBody): { bound: BoundText; portal: Portal | undefined } {
    const name = body.string()
    const rows = body.uint32()
    body.end()
    const portal = this.#portals.get(name)
    if (portal) {
      const { statement, values } = portal
      return { portal, bound: { text: statement.text, values, keeper: statement } }
    }
    const count = rows === 0 ? 'ALL' : String(rows)
    return { portal, bound: { text: `FETCH ${count} FROM ${quoted(name)}`, values: [] } }
  }

  #define(name: string, statement: Prepared | undefined): Definition {
    const before = validOf(this.#statements.get(name))
    const definition = new Definition(statement, before, (agreed) => this.#settle(name, agreed))
    this.#statements.set(name, definition)
    return definition
  }

  /** What was there before it need not be remembered any more, nor a name that stands for nothing. */
  #settle(name: string, agreed: Definition): void {
    if (this.#statements.get(name) !== agreed) return
    if (!agreed.statement) this.#statements.delete(name)
    else this.#statements.set(name, new Definition(agreed.statement, undefined, () => {}))
  }

  #statementOf(name: string): Prepared | undefined {
    return validOf(this.#statements.get(name))?.statement
  }

  /** A simple query takes the place of what has no name. */
  forgetUnnamed(): void {
    this.#statements.delete('')
    this.#portals.delete('')
  }
}

/** This one, or the last before it that was not refused. */
function validOf(definition: Definition | undefined): Definition | undefined {
  let valid = definition
  while (valid?.isRefused === true) valid = valid.before
  return valid
}

const quoted = (name: string): string => pg.escapeIdentifier(name)

/** One that was prepared by SQL. */
function unknownStatement(name: string, count: number): Prepared {
  const list = Array.from({ length: count }, (_, index) => `$${index + 1}`).join(', ')
  const text = `EXECUTE ${quoted(name)}${count === 0 ? '' : `(${list})`}`
  return { text, types: [], fields: undefined }
}

function readTarget(body: MessageBody): { isPortal: boolean; name: string } {
  const isPortal = String.fromCharCode(body.int8()) === 'P'
  const name = body.string()
  body.end()
  return { isPortal, name }
}

function charactersOf({ values }: Portal): number {
  let sum = 0
  for (const value of values) sum += typeof value === 'string' ? value.length : 1
  return sum
}
