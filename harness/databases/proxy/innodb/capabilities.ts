import { WireError } from '../wire.ts'

/**
 * What client and server agree on when a connection is opened.
 * Sources: MySQL Internals Manual, "Capabilities Flags"; MariaDB manual, "Connection", capabilities.
 */
export interface Capabilities {
  readonly common: number
  /** Those that only MariaDB has; 0 where one of the two is not MariaDB's. */
  readonly mariadb: number
}

/** A client or a server that is not MariaDB's. */
export const isMysql = 1
export const protocol41 = 1 << 9
const compress = 1 << 5
const localFiles = 1 << 7
const tls = 1 << 11
export const deprecateEof = 1 << 24
const optionalMetadata = 1 << 25
const zstandard = 1 << 26
export const queryAttributes = 1 << 27

const progress = 1 << 0
const multiCommand = 1 << 1
export const extendedMetadata = 1 << 3
const cacheMetadata = 1 << 4

/** What the server does not offer any more when its greeting has passed through here. */
export const withheld: Capabilities = {
  common: compress | localFiles | tls | optionalMetadata | zstandard,
  mariadb: progress | multiCommand | cacheMetadata,
}

/** What cannot be followed once client and server agree on it. LOAD DATA LOCAL is refused when it comes. */
const refusals: readonly { readonly flags: Capabilities; readonly what: string }[] = [
  { flags: { common: tls, mariadb: 0 }, what: 'TLS' },
  { flags: { common: compress | zstandard, mariadb: 0 }, what: 'compression' },
  {
    flags: { common: optionalMetadata, mariadb: cacheMetadata },
    what: 'results without descriptions of their columns',
  },
  { flags: { common: 0, mariadb: progress }, what: 'progress reports' },
  { flags: { common: 0, mariadb: multiCommand }, what: 'several commands in one packet' },
]

export const has = (flags: number, flag: number): boolean => (flags & flag) !== 0

const both = (one: Capabilities, other: Capabilities): Capabilities => ({
  common: one.common & other.common,
  mariadb: one.mariadb & other.mariadb,
})

/**
 * What client and server will go by. A client may ask for what it was not offered, but the server has
 * heard it all the same.
 *
 * @throws {WireError} when that cannot be followed
 */
export function agree(asked: Capabilities, offered: Capabilities): Capabilities {
  const agreed = both(asked, offered)
  for (const { flags, what } of refusals) {
    const { common, mariadb } = both(agreed, flags)
    if (common !== 0 || mariadb !== 0) throw refused(what)
  }
  return agreed
}

/** @throws {WireError} when what the client asks for changes what comes next */
export function checkAsked(common: number): void {
  if (!has(common, protocol41)) {
    throw new WireError(
      'The client speaks a protocol from before MySQL 4.1, which is not followed.',
    )
  }
  if (has(common, tls)) throw refused('TLS')
}

const refused = (what: string): WireError =>
  new WireError(
    `The client asks for ${what}, which it was not offered on its way through Lockstep: turn it off in its settings.`,
  )
