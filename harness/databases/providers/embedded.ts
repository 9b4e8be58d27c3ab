import { tmpdir } from 'node:os'
import { resolve } from 'node:path'
import type { DatabaseServer } from '../server.ts'
import { findBinaries } from './embedded/binaries.ts'
import { findAccount } from './keeper/account.ts'
import { chooseTransport, type Transport } from './keeper/address.ts'
import type { Settings } from './keeper/kind.ts'
import { postgres } from './keeper/kinds/postgres.ts'
import { launch } from './keeper/launch.ts'
import type { Provider } from './provider.ts'

/** The PostgreSQL that comes with Lockstep. */
export const embedded: Provider = {
  name: 'embedded',
  summary: 'Starts the PostgreSQL that npm installed with Lockstep.',
  engines: ['postgres'],
  start: (_, { durable }) => startEmbeddedPostgres({ durable }),
}

export interface EmbeddedPostgresOptions {
  /**
   * `socket`: a Unix socket in the server's own folder and no open port. `tcp`: a free port of
   * 127.0.0.1. By default `socket`, unless the path would be longer than the system allows.
   */
  readonly transport?: Transport | undefined
  /**
   * The account that PostgreSQL runs as; only root may choose one. By default, for root, `postgres`
   * where there is such an account and otherwise `nobody`; for anybody else, their own account.
   */
  readonly runAs?: string | undefined
  /** What is committed outlives a kill, and the server has `crash()`. */
  readonly durable?: boolean | undefined
  /**
   * PostgreSQL's own settings, by name, on top of Lockstep's. Where the server listens, its port and
   * its `cluster_name` are not for the caller to choose: those stay as they are.
   */
  readonly settings?: Settings | undefined
}

/**
 * Starts a PostgreSQL of its own, from the binaries that npm installed, in a new temporary folder
 * and, unless it is to be `durable`, with durability off: its data is thrown away at the end.
 *
 * The server ends, and everything it left on disk goes, at `stop()` and also when this process ends
 * without calling it, however it ends. A server never holds up the end of this process.
 *
 * Root only: where the account that runs PostgreSQL cannot execute the installed binaries (a
 * checkout in a private folder), each server takes a copy of them, 60 MB, and that much longer.
 *
 * @throws {Unavailable} when there are no binaries for this system that can be run.
 * @throws {Error} with one sentence on what failed and, where there is one, the end of the server's
 *   log. Nothing is left behind then.
 */
export async function startEmbeddedPostgres(
  options: EmbeddedPostgresOptions = {},
): Promise<DatabaseServer> {
  const temporaryFolder = resolve(tmpdir())
  return launch('embedded', {
    engine: 'postgres',
    temporaryFolder,
    installation: await findBinaries(),
    account: await findAccount(postgres, options.runAs),
    transport: chooseTransport(postgres, temporaryFolder, options.transport),
    durable: options.durable,
    settings: options.settings ?? {},
  })
}
