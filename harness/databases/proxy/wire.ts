import type { StatementOutcome, TransactionState } from '../engine.ts'
import type { Statement } from '../statement.ts'

/**
 * What the proxy has to know of a protocol. A follower reads along on one connection, keeps its state,
 * and neither reads nor writes a socket: it is given bytes, and says what is to become of them.
 */
export interface WireProtocol {
  /** @param limits beyond which a connection is ended */
  follow(limits: WireLimits): WireFollower
  /** A whole answer that refuses a request, whatever it was, for this reason. */
  refusal(message: string): readonly Buffer[]
  /** What clients take a Unix socket to be called, in a folder that they are told. */
  readonly socketName: string
}

export interface WireLimits {
  /** Largest message from either side, and largest answer that is held back, in bytes. */
  readonly bytes: number
}

export interface WireFollower {
  /**
   * Reads on in what the client sends. Chunks may begin and end anywhere.
   *
   * @throws {WireError} when it is not the protocol. The connection cannot be followed any further.
   */
  fromClient(chunk: Buffer): readonly FromClient[]

  /**
   * Reads on in what the server sends.
   *
   * @throws {WireError} as above
   */
  fromServer(chunk: Buffer): readonly FromServer[]

  /**
   * The bytes are on their way to the server, and nothing of it has been read since. Everything is sent, in the
   * order in which it came.
   *
   * @returns what follows from that alone, as if the server had said it, and most of the time nothing: after
   *   an error PostgreSQL passes over what comes until it is asked to go on, without a word.
   */
  sent(message: Passing | WireRequest | Injection): readonly FromServer[]

  /**
   * A statement of the harness's own, without parameters, which the client does not hear of. To be sent
   * only while the connection is ready for a request.
   */
  inject(text: string): Injection

  /**
   * What the server has sent and the client has not been given, for when the server's end has come: an
   * error that explains it may be among an answer that is not whole.
   */
  held(): readonly Buffer[]

  /** Whether the connection is outside a transaction, as of the last answer that said so. */
  readonly transaction: TransactionState
}

/** What became of bytes of the client's. */
export type FromClient = Passing | WireRequest | Answering | Cancelling

/**
 * To be written to the server as it stands, and is no step: how a connection is opened and closed, what
 * prepares a statement, the rows of a COPY that is under way.
 */
export interface Passing {
  readonly kind: 'pass'
  readonly bytes: readonly Buffer[]
  /** Whether it belongs to the request under way, and so does not wait for the end of that one. */
  readonly isPartOfRequest: boolean
}

/** One request that executes something, whole: a step. It is written to the server when its turn has come. */
export interface WireRequest {
  readonly kind: 'request'
  /**
   * As histories show it. Several statements in one text, or in one round trip, are one request, and
   * their texts stand one after the other.
   */
  readonly statement: Statement
  readonly bytes: readonly Buffer[]
}

/** Answered by the proxy itself: the server does not see what it answers. */
export interface Answering {
  readonly kind: 'answer'
  readonly bytes: Buffer
}

/**
 * Not a session at all, but a request to cancel what another one is doing: to be written to the server,
 * and the connection ends.
 */
export interface Cancelling {
  readonly kind: 'cancel'
  readonly bytes: readonly Buffer[]
}

/** See {@link WireFollower.inject}. */
export interface Injection {
  readonly kind: 'injection'
  readonly bytes: readonly Buffer[]
}

/** What became of bytes of the server's. */
export type FromServer =
  /** To be written to the client at once. */
  | { readonly kind: 'pass'; readonly bytes: readonly Buffer[] }
  /** The session is open, and the server calls it so. The client is told by these bytes. */
  | { readonly kind: 'ready'; readonly id: number; readonly bytes: readonly Buffer[] }
  /** The session has begun anew, with the server's own settings. The client is told by these bytes. */
  | { readonly kind: 'renewed'; readonly bytes: readonly Buffer[] }
  /** The oldest request that was sent is answered in full. */
  | { readonly kind: 'response'; readonly response: WireResponse }
  /** The injection is answered in full: the client is told nothing. */
  | { readonly kind: 'injected'; readonly outcome: WireOutcome }
  /** A notice of PostgreSQL's arrived, with this code. It stands among the other bytes as well. */
  | { readonly kind: 'notice'; readonly code: string }

/** A whole answer, which the client is told by `bytes`. */
export interface WireResponse {
  readonly bytes: readonly Buffer[]
  readonly outcome: WireOutcome
}

/**
 * Rows are those of the last statement that returned any, with values as the harness's own drivers have
 * them; what was written is of the last statement.
 */
export type WireOutcome =
  | Extract<StatementOutcome, { readonly ok: true }>
  | {
      readonly ok: false
      readonly error: WireRefusal
      /** Undefined where an error does not say: then the next answer does. */
      readonly transaction: TransactionState | undefined
    }

/** What the server refused, in its own words. */
export interface WireRefusal {
  /** PostgreSQL's SQLSTATE. */
  readonly code: string
  readonly message: string
  /** MySQL's and MariaDB's error number. */
  readonly number?: number
}

/** What came is not the protocol, or more than the limits allow. The message says which. */
export class WireError extends Error {
  override readonly name = 'WireError'
}
