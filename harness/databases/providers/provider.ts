import type { EngineName } from '../engine-name.ts'
import type { DatabaseServer } from '../server.ts'

/** How a server can be obtained, in the order in which they are tried. */
export const providerNames = ['url', 'embedded', 'local', 'container'] as const

/** Name of a way to obtain a server: see {@link providerNames}. */
export type ProviderName = (typeof providerNames)[number]

/** What a caller may say about the server it wants. */
export interface ServerChoice {
  /** By default the first provider that can serve the engine. */
  readonly provider?: ProviderName | undefined
  /** A server that is already there. By default what LOCKSTEP_<ENGINE>_URL says, if anything. */
  readonly url?: string | undefined
  /** Image of the container. By default what LOCKSTEP_<ENGINE>_IMAGE says, or the official one. */
  readonly image?: string | undefined
  /** Leave the container running, and use the one that an earlier call has left. */
  readonly reuse?: boolean | undefined
  /**
   * What is committed outlives a kill, and {@link DatabaseServer.crash} is there: the server's own
   * defaults for that, in place of the settings that make it quick. A server that is not Lockstep's to
   * kill, by URL or left running for others, stays as it is, and cannot be.
   */
  readonly durable?: boolean | undefined
}

/** One way to obtain a server. */
export interface Provider {
  readonly name: ProviderName
  /** One sentence. */
  readonly summary: string
  /** The engines it can serve where its own requirements are met. */
  readonly engines: readonly EngineName[]
  /**
   * Obtains a server, which the caller stops.
   *
   * @throws {Unavailable} when what it needs is not there.
   * @throws {Error} when it is, and the server does not start all the same.
   */
  start(engine: EngineName, choice: ServerChoice): Promise<DatabaseServer>
}

/** Something that a provider needs is not there. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable'
  /** What would make it available: one sentence. */
  readonly remedy: string

  /** @param reason what is missing: one sentence. */
  constructor(reason: string, remedy: string) {
    super(reason)
    this.remedy = remedy
  }
}
