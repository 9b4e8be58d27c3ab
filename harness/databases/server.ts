import type { EngineName } from './engine-name.ts'

/** A running database server, however it was obtained. */
export interface DatabaseServer {
  readonly engine: EngineName
  /** Name of the provider that obtained it, e.g. `embedded`. */
  readonly provider: string
  /**
   * Where to connect, as a user allowed to create databases. `postgres://…`, where a server that
   * listens on a Unix socket only has the folder in the `host` query parameter, the form that libpq
   * and `pg` understand; or `mysql://…` and `mariadb://…`, with the socket's path in `socketPath`.
   */
  readonly url: string
  /** Ends the server and removes all it left on disk. Safe to call twice. */
  stop(): Promise<void>
}
