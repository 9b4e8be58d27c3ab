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
  /**
   * Kills the server without a warning (SIGKILL), and starts it again on its data. Done when it takes
   * connections: at `url`, which may be another one then. Only where the server was asked for with
   * `durable`, and is the caller's alone.
   *
   * @throws {Error} when it does not come back.
   */
  readonly crash?: () => Promise<void>
  /** Ends the server and removes all it left on disk. Safe to call twice. */
  stop(): Promise<void>
}
