import type { Account } from './account.ts'
import type { Transport } from './address.ts'
import type { Settings } from './settings.ts'

/** What the keeper is asked to start. Plain data: it crosses to another process. */
export interface StartRequest {
  readonly temporaryFolder: string
  /** The folder with PostgreSQL's `bin`, `lib` and `share`. */
  readonly binaries: string
  /** Whom to run PostgreSQL as; undefined for the user who starts it. */
  readonly account?: Account | undefined
  readonly transport: Transport
  /** The TCP port to try first. */
  readonly firstPort?: number | undefined
  readonly settings: Settings
  readonly startLimitMs?: number | undefined
}

/** What the keeper tells its parent. */
export type KeeperMessage =
  /** Sent first, so that the parent can remove the folder should the keeper be killed. */
  | { readonly kind: 'created'; readonly folder: string }
  | { readonly kind: 'ready'; readonly url: string }
  /** It follows by ending, once everything is removed. */
  | { readonly kind: 'failed'; readonly message: string }

/** Far more than it takes, which is about a second: only a machine in trouble gets there. */
export const startLimitMs = 60_000

/** How long a keeper may take to end, all in all, before its parent does its work. */
export const keeperLimitMs = 15_000
