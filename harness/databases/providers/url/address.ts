import { UsageError } from '../../../errors.ts'
import type { EngineName } from '../../engine-name.ts'

/** A server's URL that can be connected to, as far as the URL itself tells. */
export interface ServerUrl {
  readonly url: string
  /** Host and port, or the socket. What is shown to people never has the password. */
  readonly place: string
}

interface Form {
  /** The URL's schemes; the first one is what the engine's own code gets. */
  readonly schemes: readonly string[]
  /** What follows user and password in an example. */
  readonly rest: string
  readonly port: number
  /** The query parameter that holds the path of a socket. */
  readonly socket: string
}

const forms: Readonly<Record<EngineName, Form>> = {
  postgres: {
    schemes: ['postgres', 'postgresql'],
    rest: 'host:5432/postgres',
    port: 5432,
    socket: 'host',
  },
  mysql: { schemes: ['mysql'], rest: 'host:3306/', port: 3306, socket: 'socketPath' },
  // Many programs know no other scheme than MySQL's for it. Which of the two it is, the server says.
  mariadb: { schemes: ['mariadb', 'mysql'], rest: 'host:3306/', port: 3306, socket: 'socketPath' },
}

/**
 * Reads the URL of a server of the engine.
 *
 * @param source what holds the URL, to begin a sentence with.
 * @throws {UsageError} when it is not one.
 */
export function parseServerUrl(engine: EngineName, text: string, source: string): ServerUrl {
  const { schemes, rest, port, socket } = forms[engine]
  const [scheme] = schemes
  const example = `${scheme}://user:password@${rest}`
  const url = URL.parse(text)
  if (!url || !isDecodable(url)) {
    throw new UsageError(
      `${source} cannot be read: write ${example}, with special characters of the password percent-encoded.`,
    )
  }
  const given = url.protocol.slice(0, -1)
  if (!schemes.includes(given)) {
    const other = Object.entries(forms).find(([, form]) => form.schemes.includes(given))
    const advice = other ? `, or choose --database ${other[0]}` : ''
    throw new UsageError(`${source} begins with "${given}:": write ${example}${advice}.`)
  }
  return {
    // Told apart by their schemes from here on.
    url: engine === 'mariadb' ? text.replace(/^\w+:/, `${scheme}:`) : text,
    place: url.searchParams.get(socket) ?? `${url.hostname || 'localhost'}:${url.port || port}`,
  }
}

/** Drivers decode these, and would throw an error without a reason. */
function isDecodable({ username, password, pathname }: URL): boolean {
  try {
    return [username, password, pathname].map(decodeURIComponent).length > 0
  } catch {
    return false
  }
}
