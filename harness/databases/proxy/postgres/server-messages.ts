import type { TransactionState } from '../../engine.ts'
import { WireError, type FromServer, type WireLimits } from '../wire.ts'
import type { Answer } from './answer.ts'
import { ByteRun } from './byte-run.ts'
import { isExtended, type Expected } from './expected.ts'
import { placeOf, Progress } from './grammar.ts'
import { MessageBody } from './message-body.ts'
import { sentBy, type ServerType } from './message-names.ts'
import { MessageReader, type WireMessage } from './message-reader.ts'
import { Queue } from './queue.ts'
import { readReport, type Report } from './report.ts'
import { affectedRows, SessionState } from './session-state.ts'
import { isBinaryAt, readFields, type Field } from './values.ts'
import type { Portal } from './prepared.ts'

type ServerMessage = WireMessage<ServerType>

/** A message of the client's that the server has not answered to the end. */
interface Entry {
  readonly expected: Expected
  readonly progress: Progress
  /** What its answer belongs to; undefined where it goes to the client as it comes. */
  readonly answer: Answer | undefined
}

/**
 * Knows what the server is about to answer, and to which message of the client's: it does with them what
 * the server does, one after the other.
 * Source: PostgreSQL manual, 54.2 "Message Flow"; PostgresMain in tcop/postgres.c.
 */
export class ServerMessages {
  readonly #reader: MessageReader<'server'>
  readonly #queue = new Queue<Entry>()
  readonly #state = new SessionState()
  /** What was sent last that has an answer, until that is whole. */
  #answer: Answer | undefined
  /** After an error, what the server passes over, up to the next Sync. */
  #passedOver: Report | undefined
  /** Whether the server reads the rows of a COPY, of which the end was not sent. */
  #isCopyingIn = false
  #isReady = false
  /** The server has said that it ends the session. */
  #isOver = false
  #processId: number | undefined
  readonly #passing = new ByteRun()
  #results: FromServer[] = []

  constructor(limits: WireLimits) {
    this.#reader = new MessageReader('server', limits.bytes, true)
  }

  get isReady(): boolean {
    return this.#isReady
  }

  get transaction(): TransactionState {
    return this.#state.transaction
  }

  /** Whether the server waits for Sync after an error, and does nothing until then. */
  get isPassingOver(): boolean {
    return this.#passedOver !== undefined
  }

  held(): readonly Buffer[] {
    const answer = this.#current
    if (answer?.isInjected === true) return []
    const { begun } = this.#reader
    return [...(answer?.held ?? []), ...(begun.length > 0 ? [begun] : [])]
  }

  /**
   * The server is about to read these messages.
   *
   * @param answer where what it says to them belongs
   */
  expect(messages: readonly Expected[], answer?: Answer): readonly FromServer[] {
    this.#results = []
    if (answer) this.#answer = answer
    for (const expected of messages) this.#expect(expected, answer)
    this.#passOver()
    return this.#results
  }

  /**
   * The server is about to read what belongs to a COPY. The Sync at its end is answered when the COPY is
   * through, if it is a COPY at all.
   */
  expectCopy(messages: readonly Expected[]): readonly FromServer[] {
    this.#results = []
    for (const expected of messages) {
      const isQueued = this.#expect(expected, this.#answer)
      if (isQueued && expected.kind === 'sync') this.#answer?.awaitSync()
    }
    this.#passOver()
    return this.#results
  }

  /** See {@link WireFollower.fromServer}. */
  read(chunk: Buffer): readonly FromServer[] {
    this.#results = []
    this.#reader.read(chunk, (message) => this.#take(message))
    this.#flush()
    return this.#results
  }

  /** @returns whether there will be an answer to it */
  #expect(expected: Expected, answer: Answer | undefined): boolean {
    const isEnd = expected.kind === 'end of copy'
    if (this.#isCopyingIn && expected.kind === 'sync') return false
    // Anything but rows ends a COPY, one way or the other.
    const endsCopy = this.#isCopyingIn
    this.#isCopyingIn = false
    if (isEnd && (endsCopy || this.#queue.length === 0)) return false
    this.#queue.push({ expected, progress: new Progress(), answer: isEnd ? undefined : answer })
    return true
  }

  #take(message: ServerMessage): void {
    const { type } = message
    if (type === 'N') this.#notice(message)
    else if (type === 'S' || type === 'A') this.#inform(message.bytes)
    else if (type === 'E') this.#refuse(message)
    else this.#answerWith(message)
  }

  /** The request or the injection that is being answered. */
  get #current(): Answer | undefined {
    const entry = this.#queue.at(0)
    return entry ? entry.answer : this.#answer
  }

  #notice(message: ServerMessage): void {
    const { code } = readReport(new MessageBody('server', message))
    this.#flush()
    this.#results.push({ kind: 'notice', code })
    if (this.#current?.isInjected !== true) this.#tell(message.bytes)
  }

  /** What the client is to hear in any case. */
  #inform(bytes: Buffer): void {
    if (this.#current?.isInjected === true) this.#passing.add(bytes)
    else this.#tell(bytes)
  }

  #tell(bytes: Buffer): void {
    const answer = this.#current
    if (!answer) this.#passing.add(bytes)
    else if (!answer.isInjected) answer.hold(bytes)
  }

  #flush(): void {
    if (this.#passing.length > 0) this.#results.push({ kind: 'pass', bytes: this.#passing.take() })
  }

  #answerWith(message: ServerMessage): void {
    const type = message.type as ServerType
    if (this.#isOver) {
      this.#passing.add(message.bytes)
      return
    }
    const entry = this.#queue.at(0)
    if (!entry) {
      this.#synchronisedEarly(message)
      return
    }
    const { expected, progress, answer } = entry
    const place = placeOf(expected.kind, type, progress)
    if (!place) throw outOfPlace(type, expected)
    if (type === 'Z' && expected.kind === 'startup') {
      this.#ready(message)
      return
    }
    this.#tell(message.bytes)
    this.#note(entry, message)
    if (place === 'within') return
    decide(expected, true)
    this.#queue.shift()
    this.#completed(answer)
  }

  /**
   * A COPY that fails before it has read anything leaves its Sync to be answered, which was thought to be
   * passed over.
   */
  #synchronisedEarly(message: ServerMessage): void {
    const answer = this.#answer
    if (message.type !== 'Z' || !answer?.owesSync) throw unasked(message.type as ServerType)
    this.#tell(message.bytes)
    this.#state.synchronised(new MessageBody('server', message))
    this.#passedOver = undefined
    answer.awaitSync()
    this.#completed(answer)
  }

  #ready(message: ServerMessage): void {
    this.#flush()
    this.#state.synchronised(new MessageBody('server', message))
    this.#queue.shift()
    if (this.#processId === undefined) {
      throw new WireError(
        'The server sent ReadyForQuery without BackendKeyData, which names the session.',
      )
    }
    this.#isReady = true
    this.#results.push({ kind: 'ready', id: this.#processId, bytes: [message.bytes] })
  }

  /** Takes from a message what it says beyond being an answer. */
  #note(entry: Entry, message: ServerMessage): void {
    const { expected, progress, answer } = entry
    const type: string = message.type ?? ''
    switch (type) {
      case 'K':
        this.#processId = new MessageBody('server', message).int32()
        break
      case 't':
        progress.isDescribed = true
        noteTypes(expected, message)
        break
      case 'T':
      case 'n':
        progress.isDescribed = true
        noteFields(expected, message.type === 'T' ? readFields(message) : [], answer)
        break
      case 'D':
        if (progress.rows === 0 && expected.kind === 'execute') beginRows(expected.portal, answer)
        progress.rows += 1
        answer?.addRow(message)
        break
      case 'C':
      case 'I':
      case 's':
        this.#completedStatement(entry, message)
        break
      case 'V':
        progress.isAnswered = true
        break
      case 'G':
        this.#beginCopyIn(entry)
        break
      case 'H':
        progress.isCopyingOut = true
        break
      case 'Z':
        this.#state.synchronised(new MessageBody('server', message))
        break
      default:
        break
    }
  }

  #completedStatement({ expected, progress, answer }: Entry, message: ServerMessage): void {
    const tag = message.type === 'C' ? new MessageBody('server', message).string() : ''
    if (expected.kind === 'execute') {
      const hasColumns = (fieldsOf(expected.portal)?.length ?? 0) > 0
      if (progress.rows === 0 && hasColumns) beginRows(expected.portal, answer)
      this.#state.executed(tag, expected.text)
    }
    answer?.completed(message.type === 's' ? progress.rows : affectedRows(tag))
    progress.completed()
    this.#isCopyingIn = false
  }

  /**
   * From here on the server reads rows until their end, and passes over Sync. The client has to be told,
   * as it is its turn.
   */
  #beginCopyIn({ expected, answer }: Entry): void {
    if (answer?.isInjected === false) {
      this.#flush()
      this.#results.push({ kind: 'pass', bytes: answer.release() })
    }
    const [first, ...others] = this.#queue.items()
    this.#queue.clear(first ? [first] : [])
    this.#isCopyingIn = true
    for (const each of others) {
      const isQueued = this.#expect(each.expected, each.answer)
      if (!isQueued && isSync(each)) each.answer?.advance()
    }
    const isMissed = others.some(isSync) && !this.#queue.items().some(isSync)
    if (isMissed && expected.kind === 'execute') answer?.oweSync()
  }

  #refuse(message: ServerMessage): void {
    const report = readReport(new MessageBody('server', message))
    const answer = this.#current
    if (report.isFatal) {
      this.#end(message.bytes, report)
      return
    }
    this.#tell(message.bytes)
    answer?.refused(report)
    this.#isCopyingIn = false
    const entry = this.#queue.at(0)
    if (!entry) return
    entry.progress.isAnswered = true
    if (!isExtended(entry.expected)) return
    this.#state.failed()
    this.#passedOver = report
    this.#queue.shift()
    decide(entry.expected, false)
    this.#completed(answer)
    this.#passOver()
  }

  /** The server says why it ends the session, and will not say any more. */
  #end(bytes: Buffer, report: Report): void {
    if (this.#current?.isInjected === true) this.#passing.add(bytes)
    else this.#tell(bytes)
    this.#isOver = true
    this.#state.ended()
    const answers = new Set(this.#queue.items().map(({ answer }) => answer))
    if (this.#answer) answers.add(this.#answer)
    this.#queue.clear()
    for (const answer of answers) {
      answer?.refused(report)
      if (answer) this.#deliver(answer)
    }
  }

  /** Up to Sync, the server reads what it was sent and does nothing about it. */
  #passOver(): void {
    while (this.#passedOver) {
      const entry = this.#queue.at(0)
      if (!entry) return
      if (entry.expected.kind === 'sync') this.#passedOver = undefined
      else {
        this.#queue.shift()
        decide(entry.expected, false)
        entry.answer?.refused(this.#passedOver)
        this.#completed(entry.answer)
      }
    }
  }

  #completed(answer: Answer | undefined): void {
    while (this.#queue.at(0)?.expected.kind === 'end of copy') this.#queue.shift()
    if (!answer) return
    answer.advance()
    if (answer.isWhole) this.#deliver(answer)
  }

  #deliver(answer: Answer): void {
    if (this.#answer === answer) this.#answer = undefined
    this.#flush()
    const outcome = answer.outcome(this.transaction)
    this.#results.push(
      answer.isInjected
        ? { kind: 'injected', outcome }
        : { kind: 'response', response: { bytes: answer.release(), outcome } },
    )
  }
}

const isSync = ({ expected }: Entry): boolean => expected.kind === 'sync'

/** The server has agreed to what a message brings about, or not. */
function decide(expected: Expected, isAgreed: boolean): void {
  if (expected.kind !== 'parse' && expected.kind !== 'close') return
  if (isAgreed) expected.definition?.agree()
  else expected.definition?.refuse()
}

function noteTypes(expected: Expected, message: ServerMessage): void {
  const body = new MessageBody('server', message)
  const types = body.list(() => body.uint32())
  body.end()
  if (expected.kind === 'describe statement' && expected.statement) expected.statement.types = types
}

function noteFields(
  expected: Expected,
  fields: readonly Field[],
  answer: Answer | undefined,
): void {
  if (expected.kind === 'query') answer?.beginRows(fields, [])
  if (expected.kind === 'describe statement' && expected.statement) {
    expected.statement.fields = fields
  }
  if (expected.kind === 'describe portal' && expected.portal) expected.portal.fields = fields
}

/** The columns of a portal, in the formats that were asked for when it was bound. */
function fieldsOf(portal: Portal | undefined): readonly Field[] | undefined {
  if (!portal || portal.fields) return portal?.fields
  const { statement, formats } = portal
  return statement.fields?.map((field, index) => ({
    ...field,
    isBinary: isBinaryAt(formats, index),
  }))
}

const beginRows = (portal: Portal | undefined, answer: Answer | undefined): void =>
  answer?.beginRows(fieldsOf(portal), portal?.formats ?? [])

const unasked = (type: ServerType): WireError =>
  new WireError(`${sentBy('server', type)} when it was asked for nothing.`)

const outOfPlace = (type: ServerType, { kind }: Expected): WireError =>
  type === 'W'
    ? new WireError('The server began a replication, which cannot be interleaved with anything.')
    : new WireError(`${sentBy('server', type)} where the answer to ${asked[kind]} goes on.`)

const asked: Readonly<Record<Expected['kind'], string>> = {
  startup: 'the first message',
  query: 'Query',
  'function call': 'FunctionCall',
  parse: 'Parse',
  bind: 'Bind',
  'describe statement': 'Describe',
  'describe portal': 'Describe',
  execute: 'Execute',
  close: 'Close',
  sync: 'Sync',
  'end of copy': 'the end of a COPY',
  farewell: 'Terminate',
}
