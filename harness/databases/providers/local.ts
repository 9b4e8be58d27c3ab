import { tmpdir } from 'node:os'
import { resolve } from 'node:path'
import type { EngineName } from '../engine-name.ts'
import type { DatabaseServer } from '../server.ts'
import { findAccount } from './keeper/account.ts'
import { chooseTransport, type Transport } from './keeper/address.ts'
import type { Settings } from './keeper/kind.ts'
import { kinds } from './keeper/kinds/index.ts'
import { launch } from './keeper/launch.ts'
import { findInstallation } from './local/installed.ts'
import type { Provider } from './provider.ts'

/** A database system that this machine has installed. */
export const local: Provider = {
  name: 'local',
  summary: 'Starts the postgres, mysqld or mariadbd that is installed on this machine.',
  engines: ['postgres', 'mysql', 'mariadb'],
  start: (engine, { durable }) => startLocalServer(engine, { durable }),
}

export interface LocalServerOptions {
  /** As for the embedded PostgreSQL: a Unix socket unless its path would be too long. */
  readonly transport?: Transport | undefined
  /**
   * The account that the server runs as; only root may choose one. By default, for root, `postgres`
   * or `mysql` where there is such an account and otherwise `nobody`; for anybody else, their own.
   */
  readonly runAs?: string | undefined
  /** What is committed outlives a kill, and the server has `crash()`. */
  readonly durable?: boolean | undefined
  /** The server's own settings, by name, on top of Lockstep's. */
  readonly settings?: Settings | undefined
}

/**
 * Starts a server of its own from what is installed on this machine: found on PATH, or where systems
 * put it that leave it out of PATH. It has a new temporary folder, reads no configuration file, and
 * its data is thrown away at the end. A server that already runs on this machine is left alone.
 *
 * The server ends as an embedded one does: see `startEmbeddedPostgres`.
 *
 * @throws {Unavailable} when there is nothing installed that can be used, or nobody to run it as.
 * @throws {Error} with one sentence on what failed and, where there is one, the end of the server's
 *   log. Nothing is left behind then.
 */
export async function startLocalServer(
  engine: EngineName,
  options: LocalServerOptions = {},
): Promise<DatabaseServer> {
  const kind = kinds[engine]
  const temporaryFolder = resolve(tmpdir())
  const account = await findAccount(kind, options.runAs)
  return launch('local', {
    engine,
    temporaryFolder,
    installation: await findInstallation(kind, account),
    account,
    transport: chooseTransport(kind, temporaryFolder, options.transport),
    durable: options.durable,
    settings: options.settings ?? {},
  })
}
