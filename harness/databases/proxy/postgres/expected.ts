import type { Injection, Passing, WireRequest } from '../wire.ts'
import type { Definition, Described, Portal } from './prepared.ts'

/** What the server has been sent and will answer, message by message, in this order. */
export type Expected =
  | { readonly kind: 'startup' }
  | { readonly kind: 'query' }
  | { readonly kind: 'function call' }
  | { readonly kind: 'parse'; readonly definition: Definition | undefined }
  | { readonly kind: 'bind' }
  | Described
  | { readonly kind: 'execute'; readonly portal: Portal | undefined; readonly text: string }
  | { readonly kind: 'close'; readonly definition: Definition | undefined }
  | { readonly kind: 'sync' }
  /** CopyDone and CopyFail, which are not answered themselves. */
  | { readonly kind: 'end of copy' }
  /** Terminate, which is answered by the end of the connection. */
  | { readonly kind: 'farewell' }

/** What goes to the server, together with what that will answer to it. */
export type Answered<Sent extends Passing | WireRequest | Injection> = Sent & {
  readonly expected: readonly Expected[]
}

/** What the server will answer to what was made here: see {@link Answered}. */
export const expectedOf = (sent: Passing | WireRequest | Injection): readonly Expected[] =>
  (sent as Partial<Answered<typeof sent>>).expected ?? []

type Kind = Expected['kind']

const extended: ReadonlySet<Kind> = new Set([
  'parse',
  'bind',
  'describe statement',
  'describe portal',
  'execute',
  'close',
])

/** What belongs to the extended query protocol: after an error there, the server waits for Sync. */
export const isExtended = ({ kind }: Expected): boolean => extended.has(kind)

/** What opens a transaction, where there is none, that ends with Sync. */
export const beginsTransaction = (expected: Expected): boolean =>
  isExtended(expected) && expected.kind !== 'close'

const ending: ReadonlySet<Kind> = new Set(['startup', 'query', 'function call', 'sync'])

/** What is answered by ReadyForQuery at the end. */
export const endsWithReady = ({ kind }: Expected): boolean => ending.has(kind)
