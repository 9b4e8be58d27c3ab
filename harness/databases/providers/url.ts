import type { EngineName } from '../engine-name.ts'
import type { DatabaseServer } from '../server.ts'
import { Unavailable, type Provider, type ServerChoice } from './provider.ts'
import { parseServerUrl, type ServerUrl } from './url/address.ts'
import { checkMariadb } from './url/mariadb.ts'
import { checkMysql } from './url/mysql.ts'
import { checkPostgres } from './url/postgres.ts'

/** A server that is there already. Lockstep makes a database of its own on it, and drops it again. */
export const url: Provider = {
  name: 'url',
  summary: 'Uses a server that is there already: --url, or LOCKSTEP_POSTGRES_URL and its like.',
  engines: ['postgres', 'mysql', 'mariadb'],
  start: connectTo,
}

const checks: Readonly<Record<EngineName, (server: ServerUrl) => Promise<void>>> = {
  postgres: checkPostgres,
  mysql: checkMysql,
  mariadb: checkMariadb,
}

/** Name of the environment variable that holds the URL of a server of the engine. */
export const urlVariable = (engine: EngineName): string => `LOCKSTEP_${engine.toUpperCase()}_URL`

/** The URL that the caller or the environment has for the engine, if any. */
export function chosenUrl(
  engine: EngineName,
  choice: ServerChoice,
): { readonly text: string; readonly source: string } | undefined {
  if (choice.url !== undefined) return { text: choice.url, source: "The server's URL" }
  const source = urlVariable(engine)
  const text = process.env[source]
  return text ? { text, source } : undefined
}

/**
 * Makes sure that the server is of the engine and lets Lockstep do all it does there. Stopping it is
 * not Lockstep's business.
 *
 * @throws {Unavailable} when there is no URL.
 * @throws {UsageError} when it is no URL of the engine, or the server is of another one.
 * @throws {DatabaseFault} when the server cannot be reached, or does not let Lockstep in or work.
 */
async function connectTo(engine: EngineName, choice: ServerChoice): Promise<DatabaseServer> {
  const chosen = chosenUrl(engine, choice)
  if (chosen === undefined) {
    throw new Unavailable('No URL is given.', `Give one with --url or in ${urlVariable(engine)}.`)
  }
  const server = parseServerUrl(engine, chosen.text, chosen.source)
  await checks[engine](server)
  return { engine, provider: 'url', url: server.url, stop: () => Promise.resolve() }
}
