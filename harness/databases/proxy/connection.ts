import type { Socket } from 'node:net'
import type { TransactionState } from '../engine.ts'
import {
  WireError,
  type FromClient,
  type FromServer,
  type Injection,
  type Passing,
  type WireFollower,
  type WireOutcome,
  type WireRequest,
  type WireResponse,
} from './wire.ts'

/** Who looks after a connection. */
export interface ConnectionOwner {
  /**
   * The server has let the client in, who hears of it when this is done: until then it asks nothing.
   *
   * @param id what the server calls the session
   */
  opened(connection: WireConnection, id: number): Promise<void>
  /** A request is whole. It goes to the server with {@link WireConnection.forward}, and not before. */
  requested(connection: WireConnection, request: WireRequest): void
  /** The client has had its session begun anew, and hears of it when this is done. */
  renewed(connection: WireConnection): Promise<void>
  /** PostgreSQL sent a notice with this code. */
  noticed(connection: WireConnection, code: string): void
  /** It is over, for whatever reason. Called once. */
  closed(connection: WireConnection): void
}

/** What a client may send ahead, in messages and in bytes, before it is kept from sending more. */
const mostAhead = { messages: 1_000, bytes: 1024 * 1024 } as const

/**
 * A client's connection, and the one to the server that it is passed on to. Bytes go through untouched;
 * a request waits until it is told to go on, and so does the whole of its answer.
 */
export class WireConnection {
  readonly #client: Socket
  readonly #server: Socket
  readonly #follower: WireFollower
  readonly #owner: ConnectionOwner
  /** What the client has sent and the server has not been sent. */
  readonly #waiting: (Passing | WireRequest)[] = []
  /** Shown to the owner, and not sent; or sent, and its answer not handed on. */
  #request: WireRequest | undefined
  #isSent = false
  #answer: ((response: WireResponse | undefined) => void) | undefined
  /** Whether what is sent to the server is kept until the end of what is done at this moment. */
  #isGathering = false
  #injected: ((outcome: WireOutcome | undefined) => void) | undefined
  #isClosed = false
  readonly #refusal: readonly Buffer[]
  #isRefusing = false
  /** Whether the client is told of a loss when its answer is delivered, and not before. */
  #keepsLoss = false
  /** Whether the server's side is gone, and the client has not been told. */
  #isCut = false
  /** What the server has said since. */
  readonly #lastWords: Buffer[] = []
  readonly #cut = Promise.withResolvers<void>()
  /** Why it was ended, where it was not by either side. */
  #error: WireError | undefined
  #isEndedByServer = false

  /** @param refusal what the client is told of a request once everything is refused */
  constructor(
    client: Socket,
    server: Socket,
    follower: WireFollower,
    owner: ConnectionOwner,
    refusal: readonly Buffer[],
  ) {
    this.#refusal = refusal
    this.#client = client
    this.#server = server
    this.#follower = follower
    this.#owner = owner
    client.setNoDelay(true)
    server.setNoDelay(true)
    client.on('data', (chunk: Buffer) => this.#follow(() => this.#fromClient(chunk)))
    server.on('data', (chunk: Buffer) => this.#follow(() => this.#fromServer(chunk)))
    // What the server sees is that its client is gone, and it undoes what that one had begun.
    for (const event of ['end', 'close']) {
      client.on(event, () => this.#close())
      server.on(event, () => {
        if (!this.#isClosed) this.#isEndedByServer = true
        this.#serverLeft()
      })
    }
    // After an error there is always a close.
    for (const socket of [client, server]) socket.on('error', () => {})
  }

  get transaction(): TransactionState {
    return this.isLost ? 'none' : this.#follower.transaction
  }

  /** Whether nothing gets to the server any more. */
  get isLost(): boolean {
    return this.#isClosed || this.#isCut
  }

  /** Resolves when nothing gets to the server any more. */
  get whenLost(): Promise<void> {
    return this.#cut.promise
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** What was wrong with what came over it, if that is why it was ended. */
  get error(): WireError | undefined {
    return this.#error
  }

  /** Whether it was the server who ended it, or could not be reached. */
  get isEndedByServer(): boolean {
    return this.#isEndedByServer
  }

  /** The request that waits goes to the server. Resolves with nothing when the connection is lost. */
  forward(): Promise<WireResponse | undefined> {
    return new Promise((resolve) => {
      const request = this.#request
      if (!request || this.isLost) {
        resolve(undefined)
        return
      }
      this.#answer = resolve
      this.#isSent = true
      this.#follow(() => {
        this.#send(request)
        this.#sendGathered()
        this.#advance() // the rows of a COPY may be there already
      })
    })
  }

  /** The client is told, and its next request can come. */
  deliver(response: WireResponse): void {
    this.#request = undefined
    this.#isSent = false
    this.#write(this.#client, response.bytes)
    this.#follow(() => this.#advance())
  }

  /**
   * Has the server do something that the client does not hear of, while no request is at the server.
   * Resolves with nothing when the connection is lost.
   */
  inject(text: string): Promise<WireOutcome | undefined> {
    return new Promise((resolve) => {
      if (this.isLost) {
        resolve(undefined)
        return
      }
      this.#injected = resolve
      this.#gather()
      this.#follow(() => this.#send(this.#follower.inject(text)))
    })
  }

  /** Ends it on both sides; while everything is refused, on the server's. */
  close(): void {
    if (this.#isRefusing) this.#server.destroySoon()
    else this.#close()
  }

  /** The connection is about to be lost: the client is to hear of it from {@link tellLoss}. */
  keepLoss(): void {
    this.#keepsLoss = true
  }

  /** Closes the server's side, as if the wire had been cut. */
  cut(): void {
    this.keepLoss()
    this.#server.destroy()
    this.#serverLeft()
  }

  /** If the connection has been lost, the client hears of it now. */
  tellLoss(): void {
    if (this.#isCut) this.#close()
  }

  /** Ends it on both sides, whatever the client still has to say. */
  hangUp(): void {
    this.#close()
  }

  /** See `Door.refuse`. */
  refuse(): void {
    if (this.#isClosed || this.#isRefusing) return
    this.#isRefusing = true
    const waits = this.#request ? 1 : 0
    const ahead = this.#waiting.filter(({ kind }) => kind === 'request').length
    this.#request = undefined
    this.#waiting.length = 0
    this.#endWaits()
    for (let count = 0; count < waits + ahead; count++) this.#write(this.#client, this.#refusal)
    if (this.#client.isPaused()) this.#client.resume() // what it says next is refused too
  }

  #serverLeft(): void {
    if (!this.#keepsLoss || this.#isClosed || this.#isRefusing) {
      this.close()
      return
    }
    this.#isCut = true
    this.#endWaits()
  }

  #endWaits(): void {
    this.#answer?.(undefined)
    this.#injected?.(undefined)
    this.#cut.resolve()
  }

  #follow(read: () => void): void {
    if (this.#isClosed) return
    try {
      read()
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      this.#error = error
      this.#close()
    }
  }

  #fromClient(chunk: Buffer): void {
    for (const message of this.#follower.fromClient(chunk)) this.#take(message)
    this.#advance()
    if (this.#isFarAhead) this.#client.pause()
  }

  get #isFarAhead(): boolean {
    if (this.#waiting.length > mostAhead.messages) return true
    let waiting = 0
    for (const { bytes } of this.#waiting) for (const { length } of bytes) waiting += length
    return waiting > mostAhead.bytes
  }

  #take(message: FromClient): void {
    if (this.#isRefusing) {
      if (message.kind === 'request') this.#write(this.#client, this.#refusal)
      return
    }
    switch (message.kind) {
      case 'answer':
        this.#write(this.#client, [message.bytes])
        break
      case 'cancel':
        this.#write(this.#server, message.bytes)
        break
      case 'pass':
      case 'request':
        this.#waiting.push(message)
        break
    }
  }

  /** Sends what can be sent, up to the next request, which is shown to the owner. */
  #advance(): void {
    for (;;) {
      const [next] = this.#waiting
      if (!next || !this.#mayLeave(next)) break
      this.#waiting.shift()
      if (next.kind === 'pass') this.#send(next)
      else {
        this.#request = next
        this.#owner.requested(this, next)
      }
    }
    if (this.#waiting.length === 0 && this.#client.isPaused()) this.#client.resume()
  }

  #mayLeave(message: Passing | WireRequest): boolean {
    if (message.kind === 'pass' && message.isPartOfRequest) return !this.#request || this.#isSent
    return !this.#request
  }

  #send(message: Passing | WireRequest | Injection): void {
    this.#write(this.#server, message.bytes)
    // The server is at work by now.
    for (const each of this.#follower.sent(message)) this.#react(each)
  }

  /** What is sent from now on goes in one packet with what follows at once: each wakes the server. */
  #gather(): void {
    if (this.#isGathering) return
    this.#isGathering = true
    this.#server.cork()
    process.nextTick(() => this.#sendGathered())
  }

  #sendGathered(): void {
    if (!this.#isGathering) return
    this.#isGathering = false
    this.#server.uncork()
  }

  #fromServer(chunk: Buffer): void {
    if (this.#isRefusing) return
    for (const message of this.#follower.fromServer(chunk)) this.#react(message)
  }

  #react(message: FromServer): void {
    switch (message.kind) {
      case 'pass':
        if (this.#keepsLoss) this.#lastWords.push(...message.bytes)
        else this.#write(this.#client, message.bytes)
        break
      case 'notice':
        this.#owner.noticed(this, message.code)
        break
      case 'response': {
        const answer = this.#answer
        this.#answer = undefined
        answer?.(message.response)
        break
      }
      case 'injected': {
        const injected = this.#injected
        this.#injected = undefined
        injected?.(message.outcome)
        break
      }
      case 'ready':
        this.#tellAfter(this.#owner.opened(this, message.id), message.bytes)
        break
      case 'renewed':
        this.#tellAfter(this.#owner.renewed(this), message.bytes)
        break
    }
  }

  #tellAfter(done: Promise<void>, bytes: readonly Buffer[]): void {
    const tell = (): void => {
      this.#write(this.#client, bytes)
      this.#follow(() => this.#advance())
    }
    done.then(tell, () => this.#close())
  }

  /** A side that does not read keeps the other one from sending. */
  #write(to: Socket, bytes: readonly Buffer[]): void {
    if (to.destroyed || bytes.length === 0) return
    const from = to === this.#client ? this.#server : this.#client
    if (writeTogether(to, bytes) || from.isPaused()) return
    from.pause()
    to.once('drain', () => from.resume())
  }

  #close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    // What the server said last may be why it has gone.
    this.#write(this.#client, this.#lastWords)
    if (!this.#error && !this.#isRefusing) this.#write(this.#client, this.#follower.held())
    this.#client.destroySoon()
    this.#server.destroySoon()
    this.#waiting.length = 0
    this.#endWaits()
    this.#owner.closed(this)
  }
}

/** @returns whether the socket can take more */
function writeTogether(to: Socket, bytes: readonly Buffer[]): boolean {
  const [first] = bytes
  // Mostly it is one piece, and there is nothing to put together.
  if (first && bytes.length === 1) return to.write(first)
  let canTakeMore = true
  to.cork()
  for (const each of bytes) canTakeMore = to.write(each)
  to.uncork()
  return canTakeMore
}
