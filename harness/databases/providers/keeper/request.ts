import type { EngineName } from '../../engine-name.ts'
import type { Account } from './account.ts'
import type { Transport } from './address.ts'
import type { Installation } from './installation.ts'
import type { Settings } from './kind.ts'

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
  /** On top of the kind's own. */
  readonly settings: Settings
  readonly startLimitMs?: number | undefined
}

/** What the keeper tells its parent. */
export type KeeperMessage =
  /** Sent first, so that the parent can remove the folder should the keeper be killed. */
  | { readonly kind: 'created'; readonly folder: string }
  | { readonly kind: 'ready'; readonly url: string }
  /** It follows by ending, once everything is removed. With a remedy, something was not there. */
  | { readonly kind: 'failed'; readonly message: string; readonly remedy?: string | undefined }

/** Far more than it takes, which is a few seconds: only a machine in trouble gets there. */
export const startLimitMs = 60_000

/** How long a keeper may take to end, all in all, before its parent does its work. */
export const keeperLimitMs = 15_000
