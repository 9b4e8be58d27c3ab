import { errorClasses, type ErrorClass } from './databases/database-error.ts'

/** Why a command was aborted: what the database said, or a conflict the strategy saw itself. */
export type AbortClass = ErrorClass | 'conflict'

/**
 * What an actor was told about its command.
 *
 * - `ok`: it was done.
 * - `rejected`: it was refused for a reason of the domain, and nothing was done.
 * - `aborted`: the database or a conflict stopped it, and nothing was done; it may be tried again.
 * - `unknown`: the connection was lost around COMMIT, so it was done or it was not.
 */
export type Reply =
  | { readonly kind: 'ok' }
  | { readonly kind: 'rejected'; readonly reason: string }
  | { readonly kind: 'aborted'; readonly error: AbortClass }
  | { readonly kind: 'unknown' }

/** It was done. */
export const ok = (): Reply => ({ kind: 'ok' })
/** It was refused for a reason of the domain, in a few words, and nothing was done. */
export const rejected = (reason: string): Reply => ({ kind: 'rejected', reason })
/** The database, or a conflict that the strategy saw itself, stopped it, and nothing was done. */
export const aborted = (error: AbortClass): Reply => ({ kind: 'aborted', error })
/** The connection was lost around COMMIT: it was done, or it was not. */
export const unknown = (): Reply => ({ kind: 'unknown' })

const abortClasses: ReadonlySet<unknown> = new Set<AbortClass>([...errorClasses, 'conflict'])

export function isReply(value: unknown): value is Reply {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return false
  if (value.kind === 'rejected') return 'reason' in value && typeof value.reason === 'string'
  if (value.kind === 'aborted') return 'error' in value && abortClasses.has(value.error)
  return value.kind === 'ok' || value.kind === 'unknown'
}

/** One line for people: `ok`, `rejected: not enough stock`, `aborted: deadlock`. */
export function describeReply(reply: Reply): string {
  switch (reply.kind) {
    case 'rejected':
      return `rejected: ${reply.reason}`
    case 'aborted':
      return `aborted: ${reply.error}`
    case 'ok':
    case 'unknown':
      return reply.kind
  }
}
