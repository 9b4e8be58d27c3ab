import pg from 'pg'
import { DatabaseFault } from '../../../errors.ts'
import { connect } from './client.ts'
import { describeError, describeNotice } from './spec-messages.ts'

/** What a statement came to, as it is to be printed. */
export type SpecResult =
  | {
      readonly kind: 'rows'
      readonly columns: readonly string[]
      readonly rows: readonly (readonly (string | null)[])[]
    }
  /** It returns no rows. */
  | { readonly kind: 'done' }
  /** `line` is what a step prints of it, `text` all there is to say. */
  | { readonly kind: 'error'; readonly line: string; readonly text: string }

/** A NOTIFY that has arrived. */
export interface SpecNotification {
  readonly channel: string
  readonly payload: string
  /** Process that sent it. */
  readonly pid: number
}

/** What has arrived, in its order. `begun`: the first row of a result is on its way. */
type Arrival =
  | { readonly kind: 'notice'; readonly text: string }
  | { readonly kind: 'begun' }
  | { readonly kind: 'result'; readonly result: SpecResult }

/**
 * A connection that sends text as it is, several statements at once if need be, and keeps all that
 * comes back in the order in which it came: rows as the server wrote them, messages, errors.
 */
export class SpecConnection {
  /** Its process on the server. */
  readonly pid: number
  readonly #client: pg.Client
  #arrivals: Arrival[] = []
  #notifications: SpecNotification[] = []
  /** The last text that was sent. */
  #sent = ''
  #isBusy = false
  #lost: string | undefined
  #farewell: SpecResult | undefined
  /** Whoever waits for the end of what is under way. */
  #whenDone: (() => void) | undefined

  private constructor(client: pg.Client, pid: number) {
    this.#client = client
    this.pid = pid
    client.on('notice', (notice) => {
      this.#arrivals.push({ kind: 'notice', text: describeNotice(notice, this.#sent) })
    })
    client.on('notification', ({ channel, payload = '', processId }) => {
      this.#notifications.push({ channel, payload, pid: processId })
    })
    client.on('error', (error) => {
      // An idle session that is ended is told so. Whoever does not look before sending takes that for
      // the answer to what is sent next.
      if (error instanceof pg.DatabaseError) this.#farewell = describeError(error, '')
      this.#lose(error.message)
    })
    client.on('end', () => this.#lose('the connection was closed'))
  }

  /** @param settings PostgreSQL's own, for this session. */
  static async open(
    url: string,
    applicationName: string,
    settings: Readonly<Record<string, string>>,
  ): Promise<SpecConnection> {
    const client = await connect(url, settings, undefined, {
      application_name: applicationName,
      pipeline: false, // a pipeline takes no queries but the driver's own
    })
    const answer = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    const pid = answer.rows[0]?.pid
    if (pid === undefined) throw new DatabaseFault('PostgreSQL does not name its own process.')
    return new SpecConnection(client, pid)
  }

  /** Whether a text is under way. */
  get isBusy(): boolean {
    return this.#isBusy
  }

  /** Whether the session is in a transaction that has not failed. */
  get isInTransaction(): boolean {
    return this.#client.getTransactionStatus() === 'T'
  }

  /** Whether the session is in no transaction, failed or not. */
  get isIdle(): boolean {
    return !this.#isBusy && this.#client.getTransactionStatus() === 'I'
  }

  /** Resolves when nothing is under way any more, or after that time. One may wait at a time. */
  done(withinMs?: number): Promise<void> {
    if (!this.#isBusy) return Promise.resolve()
    return new Promise((resolve) => {
      const alarm = withinMs === undefined ? undefined : setTimeout(resolve, withinMs)
      this.#whenDone = () => {
        clearTimeout(alarm)
        resolve()
      }
    })
  }

  /** Why the connection is of no use any more, if so. */
  get lost(): string | undefined {
    return this.#lost
  }

  /** Sends a text; nothing else may be under way. */
  send(text: string): void {
    this.#isBusy = true
    this.#sent = text
    if (this.#lost === undefined) this.#client.query(new SpecQuery(text, this.#record, this.#end))
    else this.#breakOff()
  }

  /** Sends a text, and waits for what it comes to. */
  async execute(text: string): Promise<{ notices: string[]; result: SpecResult }> {
    this.send(text)
    await this.done()
    const arrivals = this.#takeArrivals()
    const notices = arrivals.flatMap((each) => (each.kind === 'notice' ? [each.text] : []))
    const result = arrivals.findLast((each) => each.kind === 'result')?.result ?? { kind: 'done' }
    return { notices, result }
  }

  /**
   * The messages that have arrived up to the first result, and those right behind it: a reader that
   * stops there has come across them.
   */
  takeNotices(): string[] {
    return this.#takeNotices().map(({ text }) => text)
  }

  /** The next result, once nothing is under way, with the messages that come before the one after it. */
  takeResult(): { notices: string[]; result: SpecResult } | undefined {
    const notices = this.takeNotices()
    const next = this.#arrivals.shift()
    return next?.kind === 'result' ? { notices, result: next.result } : undefined
  }

  takeNotifications(): SpecNotification[] {
    const taken = this.#notifications
    this.#notifications = []
    return taken
  }

  async close(): Promise<void> {
    await this.#client.end().catch(() => undefined)
  }

  #takeNotices(): { readonly text: string }[] {
    let end = this.#arrivals.findIndex(({ kind }) => kind === 'result')
    if (end === -1) end = this.#arrivals.length
    else {
      end += 1
      while (this.#arrivals[end]?.kind === 'notice') end += 1
    }
    const head = this.#arrivals.slice(0, end)
    this.#arrivals = [...head.filter(({ kind }) => kind === 'result'), ...this.#arrivals.slice(end)]
    return head.filter((each) => each.kind === 'notice')
  }

  #takeArrivals(): Arrival[] {
    const taken = this.#arrivals
    this.#arrivals = []
    return taken
  }

  readonly #record = (arrival: Arrival): void => {
    this.#arrivals.push(arrival)
  }

  readonly #end = (): void => {
    this.#isBusy = false
    this.#whenDone?.()
    this.#whenDone = undefined
  }

  #lose(reason: string): void {
    this.#lost ??= reason
    if (this.#isBusy) this.#breakOff()
  }

  /** Source: libpq, `pqReadData`: what it says to whom waits for an answer that will not come. */
  #breakOff(): void {
    if (this.#farewell) this.#record({ kind: 'result', result: this.#farewell })
    this.#farewell = undefined
    const text =
      'server closed the connection unexpectedly\n\tThis probably means the server terminated abnormally\n\tbefore or while processing the request.\n'
    this.#record({ kind: 'result', result: { kind: 'error', line: text, text } })
    this.#end()
  }
}

interface Description {
  readonly fields: readonly { readonly name: string }[]
}

/** A text as `pg` sends it when it is not to read the answer itself. */
class SpecQuery implements pg.Submittable {
  readonly #text: string
  readonly #record: (arrival: Arrival) => void
  readonly #end: () => void
  #columns: readonly string[] | undefined
  #rows: (readonly (string | null)[])[] = []

  constructor(text: string, record: (arrival: Arrival) => void, end: () => void) {
    this.#text = text
    this.#record = record
    this.#end = end
  }

  submit(connection: pg.Connection): void {
    // After an error too: only then have the locks gone, and the next text can be sent.
    connection.once('readyForQuery', this.#end)
    connection.query(this.#text)
  }

  handleRowDescription({ fields }: Description): void {
    this.#columns = fields.map(({ name }) => name)
    this.#rows = []
    this.#record({ kind: 'begun' })
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    this.#rows.push(fields)
  }

  handleCommandComplete(): void {
    const columns = this.#columns
    this.#columns = undefined
    const result: SpecResult = columns
      ? { kind: 'rows', columns, rows: this.#rows }
      : { kind: 'done' }
    this.#record({ kind: 'result', result })
  }

  handleEmptyQuery(): void {
    this.#record({ kind: 'result', result: { kind: 'done' } })
  }

  handleError(error: Error): void {
    if (!(error instanceof pg.DatabaseError)) return // the connection, which speaks for itself
    this.#columns = undefined
    this.#record({ kind: 'result', result: describeError(error, this.#text) })
  }

  /** Nobody has data for COPY FROM STDIN. */
  handleCopyInResponse(connection: { sendCopyFail(reason: string): void }): void {
    connection.sendCopyFail('a specification has no data to copy')
  }

  handleCopyData(): void {}
  handleReadyForQuery(): void {}
  handlePortalSuspended(): void {}
}
