import { DatabaseFault } from '../../../errors.ts'
import type { ServerUrl } from './address.ts'

/** How long a server may take to let somebody in before it counts as out of reach. */
export const connectLimitMs = 5_000

/** Connections that one run takes at most: eight actors, and Lockstep's own to look on and clean up. */
export const connectionsNeeded = 12

const unreachable: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'the name of the host cannot be looked up',
  ENOENT: 'there is no socket there',
  EACCES: 'the socket may not be opened',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no way to that host',
}

const wrongLogin = new Set(['28P01', '28000', 'ER_ACCESS_DENIED_ERROR'])
const missingDatabase = new Set(['3D000', 'ER_BAD_DB_ERROR', 'ER_DBACCESS_DENIED_ERROR'])
const noConnectionLeft = new Set([
  '53300',
  'ER_CON_COUNT_ERROR',
  'ER_TOO_MANY_USER_CONNECTIONS',
  'ER_USER_LIMIT_REACHED',
])

/** What a server did not do, as a sentence for whoever runs it. */
export function cannotConnect(title: string, { place }: ServerUrl, error: unknown): DatabaseFault {
  const { code = '', message } = error as Error & { readonly code?: string }
  const at = `${title} at ${place}`
  const said = message.replace(/\.$/, '')
  const reason = unreachable[code]
  if (reason) {
    return new DatabaseFault(`${at} cannot be reached: ${reason}. Start it, or correct the URL.`)
  }
  if (/timed? ?out/i.test(`${code} ${message}`)) {
    return new DatabaseFault(
      `${at} cannot be reached: nothing that is ${title} answers there within ${connectLimitMs / 1000} s. Start it, or correct the URL.`,
    )
  }
  if (wrongLogin.has(code)) {
    return new DatabaseFault(
      `${at} does not let this user in: ${said}. Correct the user or the password in the URL.`,
    )
  }
  if (missingDatabase.has(code)) {
    return new DatabaseFault(
      `${at} does not open that database: ${said}. Correct the URL, or leave the database out.`,
    )
  }
  if (noConnectionLeft.has(code)) return tooFewConnections(title, place, 0)
  return new DatabaseFault(`${at} cannot be used: ${said}.`)
}

/** @throws {DatabaseFault} when a run would need more connections than are free. */
export function requireConnections(title: string, { place }: ServerUrl, free: number): void {
  if (free < connectionsNeeded) throw tooFewConnections(title, place, free)
}

const tooFewConnections = (title: string, place: string, free: number): DatabaseFault =>
  new DatabaseFault(
    `${title} at ${place} has ${free === 0 ? 'no' : `only ${free}`} free ${free === 1 ? 'connection' : 'connections'}, and a run takes up to ${connectionsNeeded}: close others, or raise its limit.`,
  )

/** @throws {DatabaseFault} when there are statements that an administrator has to run first. */
export function requirePrivileges(
  title: string,
  { place }: ServerUrl,
  user: string,
  statements: readonly string[],
): void {
  if (statements.length === 0) return
  throw new DatabaseFault(
    `${title} at ${place} does not let ${user} do all that Lockstep does there. An administrator has to run: ${statements.map((statement) => `${statement};`).join(' ')}`,
  )
}

/** @throws {DatabaseFault} when the server lacks what came with that version. */
export function requireVersion(
  title: string,
  { place }: ServerUrl,
  version: string,
  oldest: string,
): void {
  if (version.localeCompare(oldest, 'en', { numeric: true }) >= 0) return
  throw new DatabaseFault(
    `${title} at ${place} is too old: it is ${version}, and Lockstep needs ${oldest} or later.`,
  )
}
