import type { TransactionState } from '../../engine.ts'
import type { Row } from '../../statement.ts'
import { WireError, type WireOutcome, type WireRefusal } from '../wire.ts'
import { deprecateEof, extendedMetadata, has, type Capabilities } from './capabilities.ts'
import { readColumn, type Column, type ReadRow } from './columns.ts'
import { PayloadReader } from './payload.ts'
import type { Prepared, PreparedStatements } from './prepared.ts'
import {
  hasCursor,
  hasMore,
  isEnd,
  isError,
  isOk,
  readEnd,
  readRefusal,
  type End,
  type SessionStatus,
} from './status.ts'

/**
 * What the server answers to a command, message by message.
 * Source: MySQL Internals Manual, "Text Protocol" and "Prepared Statements", the response to each command.
 */
export interface Answer {
  /**
   * @returns whether it was the last one
   * @throws {WireError} when it does not belong there
   */
  take(payload: Buffer): boolean
  /** Once the last one has been taken. */
  readonly outcome: WireOutcome
}

/** What has an end, or an error in its place. */
abstract class EndedAnswer implements Answer {
  protected readonly status: SessionStatus
  protected refusal: WireRefusal | undefined
  protected affectedRows = 0
  protected rows: readonly Row[] = []

  constructor(status: SessionStatus) {
    this.status = status
  }

  take(payload: Buffer): boolean {
    if (payload.length === 0) throw new WireError('The server sent an empty packet as an answer.')
    if (!isError(payload)) return this.takeWell(payload)
    this.refusal = readRefusal(payload)
    return true
  }

  protected abstract takeWell(payload: Buffer): boolean

  protected end(payload: Buffer): End {
    const end = readEnd(payload)
    this.status.note(end.status)
    return end
  }

  get outcome(): WireOutcome {
    if (this.refusal) return { ok: false, error: this.refusal, transaction: undefined }
    const transaction: TransactionState = this.status.transaction
    return { ok: true, rows: this.rows, affectedRows: this.affectedRows, transaction }
  }
}

/** One packet: OK, EOF or an error. */
export class Acknowledgement extends EndedAnswer {
  protected override takeWell(payload: Buffer): boolean {
    this.end(payload)
    return true
  }
}

/** One packet of text: COM_STATISTICS. */
export class Information extends EndedAnswer {
  protected override takeWell(): boolean {
    return true
  }
}

/** Packets up to an end: the rows that COM_STMT_FETCH asks for, and what COM_FIELD_LIST does. */
export class Listing extends EndedAnswer {
  readonly #hasEof: boolean

  constructor(status: SessionStatus, { common }: Capabilities) {
    super(status)
    this.#hasEof = !has(common, deprecateEof)
  }

  protected override takeWell(payload: Buffer): boolean {
    if (!isEnd(payload, this.#hasEof)) return false
    this.end(payload)
    return true
  }
}

/** The server has asked for more to be sure who the client is, or lets it in. */
export class Authentication extends EndedAnswer {
  /** Whether it is the client's turn. */
  awaitsClient = false

  protected override takeWell(payload: Buffer): boolean {
    this.awaitsClient = !isOk(payload)
    if (this.awaitsClient) {
      checkAuthentication(payload)
      return false
    }
    this.end(payload)
    return true
  }
}

/** More data, the next factor, another method. */
const authenticationSteps: ReadonlySet<number | undefined> = new Set([0x01, 0x02, 0xfe])

export function checkAuthentication(payload: Buffer): void {
  const [first] = payload
  if (authenticationSteps.has(first)) return
  throw new WireError(
    `The server sent a packet that begins with ${first ?? 'nothing'} while it made sure who the client is.`,
  )
}

/** The description of a prepared statement: COM_STMT_PREPARE. */
export class Preparation extends EndedAnswer {
  readonly #statements: PreparedStatements
  readonly #prepared: Prepared
  readonly #hasEof: boolean
  /** How many descriptions are to come: of parameters, then of columns. */
  #sections: number[] | undefined

  constructor(
    status: SessionStatus,
    { common }: Capabilities,
    statements: PreparedStatements,
    prepared: Prepared,
  ) {
    super(status)
    this.#hasEof = !has(common, deprecateEof)
    this.#statements = statements
    this.#prepared = prepared
  }

  protected override takeWell(payload: Buffer): boolean {
    if (this.#sections) this.#takeDescription(this.#sections, payload)
    else this.#sections = this.#takeHeader(payload)
    return this.#sections.length === 0
  }

  #takeHeader(payload: Buffer): number[] {
    const reader = new PayloadReader(payload, "The server's answer to COM_STMT_PREPARE")
    if (reader.unsigned(1) !== 0) throw reader.error('does not begin with a zero')
    const id = reader.unsigned(4)
    const columns = reader.unsigned(2)
    const parameters = reader.unsigned(2)
    this.#statements.name(this.#prepared, id, parameters)
    return [parameters, columns].filter((count) => count > 0)
  }

  /** Without a packet at its end, a section is over when all of it is there. */
  #takeDescription(sections: number[], payload: Buffer): void {
    const [left = 0] = sections
    if (this.#hasEof && isEnd(payload, true)) {
      // A server may announce more than it sends.
      this.end(payload)
      sections.shift()
    } else if (left === 0) {
      throw new WireError('The server described more of a prepared statement than it announced.')
    } else {
      sections[0] = left - 1
      if (left === 1 && !this.#hasEof) sections.shift()
    }
  }
}

/** Where in a result the server is. */
type Place =
  | { readonly kind: 'beginning' }
  | { readonly kind: 'columns'; readonly count: number }
  | { readonly kind: 'end of columns' }
  | { readonly kind: 'rows' }

const beginning: Place = { kind: 'beginning' }
const localInfile = 0xfb
/** More than a table can have. */
const mostColumns = 65_535

/**
 * Which of several results stand for the whole: the last ones, as a rule; of a procedure the first one with
 * rows, as the harness's own sessions take it; or what was written is in rows of its own at the end, one for
 * each time that a statement was carried out (MariaDB's bulk unit results).
 */
export type Counting = 'last' | 'first' | 'units'

/** The results of a request: none, one or several. */
export class Results extends EndedAnswer {
  readonly #readRow: ReadRow
  readonly #hasEof: boolean
  readonly #isExtended: boolean
  readonly #counting: Counting
  #place: Place = beginning
  #columns: Column[] = []
  #current: Row[] = []
  #hasRows = false

  constructor(
    status: SessionStatus,
    { common, mariadb }: Capabilities,
    readRow: ReadRow,
    counting: Counting,
  ) {
    super(status)
    this.#hasEof = !has(common, deprecateEof)
    this.#isExtended = has(mariadb, extendedMetadata)
    this.#readRow = readRow
    this.#counting = counting
  }

  protected override takeWell(payload: Buffer): boolean {
    switch (this.#place.kind) {
      case 'beginning':
        return this.#takeBeginning(payload)
      case 'columns':
        this.#takeColumn(payload, this.#place.count)
        return false
      case 'end of columns':
        return this.#takeEndOfColumns(payload)
      case 'rows':
        return this.#takeRow(payload)
    }
  }

  #takeBeginning(payload: Buffer): boolean {
    if (isOk(payload)) {
      const { affectedRows, status } = this.end(payload)
      if (!this.#keepsFirst) this.affectedRows = affectedRows
      return !hasMore(status)
    }
    if (payload[0] === localInfile) {
      throw new WireError(
        'The server asks for a file of the client (LOAD DATA LOCAL INFILE), which is not passed on.',
      )
    }
    const reader = new PayloadReader(payload, "The server's beginning of a result")
    const count = reader.lengthEncoded()
    reader.end()
    if (count > mostColumns) throw reader.error(`has ${count} columns`)
    this.#columns = []
    this.#current = []
    this.#place = { kind: 'columns', count }
    return false
  }

  #takeColumn(payload: Buffer, count: number): void {
    this.#columns.push(readColumn(payload, this.#isExtended))
    if (this.#columns.length < count) return
    this.#place = { kind: this.#hasEof ? 'end of columns' : 'rows' }
  }

  #takeEndOfColumns(payload: Buffer): boolean {
    if (!isEnd(payload, true)) {
      throw new WireError('The server did not end the descriptions of the columns of a result.')
    }
    // The rows are there to be fetched.
    if (hasCursor(this.end(payload).status)) return true
    this.#place = { kind: 'rows' }
    return false
  }

  #takeRow(payload: Buffer): boolean {
    if (!isEnd(payload, this.#hasEof)) {
      this.#current.push(this.#readRow(payload, this.#columns))
      return false
    }
    const { status } = this.end(payload)
    if (this.#counting === 'units' && !hasMore(status)) this.affectedRows = written(this.#current)
    else if (!this.#keepsFirst) {
      this.rows = this.#current
      this.affectedRows = this.#current.length
    }
    this.#hasRows = true
    this.#place = beginning
    return !hasMore(status)
  }

  get #keepsFirst(): boolean {
    return this.#counting === 'first' && this.#hasRows
  }
}

/** Source: MariaDB manual, "COM_STMT_BULK_EXECUTE": the identifier and the rows of each time. */
const written = (units: readonly Row[]): number =>
  units.reduce((sum, unit) => sum + Number(unit['Affected_rows'] ?? 0), 0)
