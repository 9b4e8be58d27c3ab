import pg from 'pg'
import { DatabaseFault } from '../../../errors.ts'
import { connect } from './client.ts'
import { SpecAnswer, type SpecResult } from './spec-answer.ts'
import { describeError, describeNotice } from './spec-messages.ts'

/** A NOTIFY that has arrived. */
export interface SpecNotification {
  readonly channel: string
  readonly payload: string
  /** Process that sent it. */
  readonly pid: number
}

/**
 * A connection that sends text as it is, several statements at once if need be, and keeps all that
 * comes back in the order in which it came: rows as the server wrote them, messages, errors.
 */
export class SpecConnection {
  /** Its process on the server. */
  readonly pid: number
  readonly #client: pg.Client
  /** What has been sent and is not yet answered to the end, in its order. */
  readonly #sent: SpecAnswer[] = []
  /** Messages that came while nothing was under way: for whoever looks next. */
  #earlyNotices: string[] = []
  #notifications: SpecNotification[] = []
  #isLost = false
  #farewell: SpecResult | undefined

  private constructor(client: pg.Client, pid: number) {
    this.#client = client
    this.pid = pid
    client.on('notice', (notice) => {
      const [current] = this.#sent
      if (current) current.hearNotice(describeNotice(notice, current.text))
      else this.#earlyNotices.push(describeNotice(notice, ''))
    })
    client.on('notification', ({ channel, payload = '', processId }) => {
      this.#notifications.push({ channel, payload, pid: processId })
    })
    client.on('error', (error) => {
      // An idle session that is ended is told so. Whoever does not look before sending takes that for
      // the answer to what is sent next.
      if (error instanceof pg.DatabaseError) this.#farewell = describeError(error, '')
      this.#lose()
    })
    client.on('end', () => this.#lose())
  }

  /** @param settings PostgreSQL's own, for this session. */
  static async open(
    url: string,
    applicationName: string,
    settings: Readonly<Record<string, string>>,
  ): Promise<SpecConnection> {
    const client = await connect(url, settings, undefined, applicationName)
    const answer = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    const pid = answer.rows[0]?.pid
    if (pid === undefined) throw new DatabaseFault('PostgreSQL does not name its own process.')
    return new SpecConnection(client, pid)
  }

  /** Whether nothing is under way, and the session is in no transaction, failed or not. */
  get isIdle(): boolean {
    return this.#sent.length === 0 && this.#client.getTransactionStatus() === 'I'
  }

  /** Sends a text. What was sent before is done first, whatever comes of it. */
  send(text: string): SpecAnswer {
    const answer = new SpecAnswer(text, this.#earlyNotices, () => this.#isInTransaction)
    this.#earlyNotices = []
    this.#sent.push(answer)
    if (this.#isLost) this.#breakOff()
    else this.#client.query(new SpecQuery(answer, this.#next))
    return answer
  }

  /** Sends a text, and waits for what it comes to. */
  async execute(text: string): Promise<{ notices: string[]; result: SpecResult }> {
    const answer = this.send(text)
    await answer.done()
    return answer.summary()
  }

  takeNotifications(): SpecNotification[] {
    const taken = this.#notifications
    this.#notifications = []
    return taken
  }

  async close(): Promise<void> {
    await this.#client.end().catch(() => undefined)
  }

  get #isInTransaction(): boolean {
    return this.#client.getTransactionStatus() === 'T'
  }

  /** The server is ready for the next text. */
  readonly #next = (): void => {
    this.#sent.shift()?.end()
    this.#sent[0]?.begin()
  }

  #lose(): void {
    this.#isLost = true
    this.#breakOff()
  }

  /** Source: libpq, `pqReadData`: what it says to whoever waits for an answer that will not come. */
  #breakOff(): void {
    for (let answer = this.#sent[0]; answer; answer = this.#sent[0]) {
      if (this.#farewell) answer.hearResult(this.#farewell)
      this.#farewell = undefined
      answer.hearResult({ kind: 'error', line: closed, text: closed })
      this.#next()
    }
  }
}

const closed =
  'server closed the connection unexpectedly\n\tThis probably means the server terminated abnormally\n\tbefore or while processing the request.\n'

interface Description {
  readonly fields: readonly { readonly name: string }[]
}

/** The connections whose readiness is heard of already. */
const heard = new WeakSet<pg.Connection>()

/**
 * A text as it is, whose answer the driver does not read itself. In the driver's eyes it is a query of
 * its own, as it lets no others be sent before those ahead of them have been answered.
 */
class SpecQuery extends pg.Query {
  readonly #answer: SpecAnswer
  readonly #onReady: () => void
  #columns: readonly string[] | undefined
  #rows: (readonly (string | null)[])[] = []

  constructor(answer: SpecAnswer, onReady: () => void) {
    super({ text: answer.text })
    this.#answer = answer
    this.#onReady = onReady
  }

  override submit = (connection: pg.Connection): void => {
    // After an error too: only then have the locks gone, and the next text is read.
    if (!heard.has(connection)) connection.on('readyForQuery', this.#onReady)
    heard.add(connection)
    connection.query(this.#answer.text)
  }

  handleRowDescription({ fields }: Description): void {
    this.#columns = fields.map(({ name }) => name)
    this.#rows = []
    this.#answer.hearBeginning()
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    this.#rows.push(fields)
  }

  handleCommandComplete(): void {
    const columns = this.#columns
    this.#columns = undefined
    this.#answer.hearResult(
      columns ? { kind: 'rows', columns, rows: this.#rows } : { kind: 'done' },
    )
  }

  handleEmptyQuery(): void {
    this.#answer.hearResult({ kind: 'done' })
  }

  handleError(error: Error): void {
    if (!(error instanceof pg.DatabaseError)) return // the connection, which speaks for itself
    this.#columns = undefined
    this.#answer.hearResult(describeError(error, this.#answer.text))
  }

  /** Nobody has data for COPY FROM STDIN. */
  handleCopyInResponse(connection: { sendCopyFail(reason: string): void }): void {
    connection.sendCopyFail('a specification has no data to copy')
  }

  handleCopyData(): void {}
  handleReadyForQuery(): void {}
  handlePortalSuspended(): void {}
}
