import type { EngineName } from '../databases/engine-name.ts'
import type { Engine } from '../databases/engine.ts'
import { obtainServer } from '../databases/providers/index.ts'
import type { ServerChoice } from '../databases/providers/provider.ts'
import type { DatabaseServer } from '../databases/server.ts'
import { describeThrown } from '../errors.ts'

/** Why there is no server. */
export interface Missing {
  readonly missing: string
}

/** A server for the caller, who stops it, or why there is none. Never rejects. */
export const obtain = (engine: Engine, choice?: ServerChoice): Promise<DatabaseServer | Missing> =>
  obtainServer(engine, choice).catch((error: unknown) => ({
    missing: error instanceof Error ? error.message : describeThrown(error),
  }))

/** One server of each engine for all tests of a file, started when the first of them needs it. */
export class TestServers {
  readonly #obtained = new Map<EngineName, Promise<DatabaseServer | Missing>>()

  /** The engine's server, or why there is none. Never rejects. */
  of(engine: Engine): Promise<DatabaseServer | Missing> {
    let obtained = this.#obtained.get(engine.name)
    if (!obtained) {
      obtained = obtain(engine)
      this.#obtained.set(engine.name, obtained)
    }
    return obtained
  }

  /** Stops what was started; what is asked for later is started anew. */
  async stop(): Promise<void> {
    const obtained = [...this.#obtained.values()]
    this.#obtained.clear()
    await Promise.all(
      obtained.map(async (each) => {
        const server = await each
        if (!('missing' in server)) await server.stop()
      }),
    )
  }
}
