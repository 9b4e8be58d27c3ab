import type { EngineName } from '../../engine-name.ts'
import type { Account } from './account.ts'
import type { Transport } from './address.ts'
import type { Installation } from './installation.ts'
import type { Settings } from './kind.ts'

/** What the parent tells its keeper. To stop the server, it closes the channel between them. */
export type KeeperOrder =
  /** Sent once, and first. */
  | { readonly kind: 'start'; readonly request: StartRequest }
  /** Kill the server, and start it again. Sent only while it is ready. */
  | { readonly kind: 'crash' }

/** What the keeper is asked to start. Plain data: it crosses to another process. */
export interface StartRequest {
  readonly engine: EngineName
  readonly temporaryFolder: string
  readonly installation: Installation
  /** Whom to run it as; undefined for the user who starts it. */
  readonly account?: Account | undefined
  readonly transport: Transport
  /** The TCP port to try first. */
  readonly firstPort?: number | undefined
  /** Whether what is committed has to outlive a kill. */
  readonly durable?: boolean | undefined
  /** On top of the kind's own. */
  readonly settings: Settings
  /** How long a start may take, the first one and each one after a kill. */
  readonly startLimitMs?: number | undefined
}

/** What the keeper tells its parent. */
export type KeeperMessage =
  /** Sent first, so that the parent can remove the folder should the keeper be killed. */
  | { readonly kind: 'created'; readonly folder: string }
  /** Sent after each start. */
  | { readonly kind: 'ready'; readonly url: string }
  /** It follows by ending, once everything is removed. With a remedy, something was not there. */
  | { readonly kind: 'failed'; readonly message: string; readonly remedy?: string | undefined }

/** Far more than it takes, which is a few seconds: only a machine in trouble gets there. */
export const startLimitMs = 60_000

/** How long a keeper may take to end, all in all, before its parent does its work. */
export const keeperLimitMs = 15_000
