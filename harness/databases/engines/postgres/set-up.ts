import pg from 'pg'
import type { Statement } from '../../statement.ts'

const { escapeIdentifier: quoted, escapeLiteral: literal } = pg

/** What a session has that RESET ALL and the like would take from it. */
interface Kept {
  /** Names and values. */
  readonly settings: readonly (readonly [string, string])[]
  /** What it listens to. */
  readonly channels: readonly string[]
  /** What SET ROLE has made it, or `none`. */
  readonly role: string
  /** What SET SESSION AUTHORIZATION has made it. */
  readonly user: string | null
}

const nothing: Kept = { settings: [], channels: [], role: 'none', user: null }

/** What Lockstep sets for a while is not the client's. */
export type ForAWhile = 'deadlock_timeout' | 'lock_timeout'

/**
 * What a client makes of a connection before it uses it: its libraries ask for versions, and set time zones,
 * isolation levels and search paths, by SET, by set_config, or in a transaction of their own. It is done once,
 * and the client relies on it from then on. It is over with the first statement that reads or writes what
 * the database is there for, or when a run has ended.
 */
export class SetUp {
  #isOver = false
  /** Whether something may have been set that is not known. */
  #isUnread = false
  #kept = nothing
  /** Texts that may have set something. */
  readonly #texts = new Set<string>()
  /** What may be the names of settings that the server does not list: those that it has not defined. */
  readonly #ownNames = new Set<string>()

  /**
   * Whether what is set has to be read before this statement is sent: afterwards it would not be known what
   * the set-up has done, and what a command.
   *
   * @param names matches what is in the schema
   * @param isInside whether the session is inside a transaction, which may be a command's
   */
  mustReadBefore(statement: Statement, names: RegExp, isInside: boolean): boolean {
    if (!this.#isUnread || isInside) return false
    const text = textOf(statement)
    return !staysOutside.test(text) || isUse(text, names)
  }

  /**
   * @param names matches what is in the schema
   * @param isLasting whether the statement may leave something behind in the session
   */
  note(statement: Statement, isLasting: boolean, names: RegExp): void {
    if (this.#isOver) {
      if (isLasting) this.#disown(statement)
      return
    }
    const text = textOf(statement)
    if (isUse(text, names)) {
      this.end()
    } else if (isLasting) {
      this.#isUnread = true
      this.#texts.add(text)
      for (const each of [text, ...statement.params]) {
        for (const [name] of String(each).matchAll(ownName)) this.#ownNames.add(name.toLowerCase())
      }
    }
  }

  /** What comes from now on is done by commands. */
  end(): void {
    this.#isOver = true
    this.#isUnread = false
  }

  /** Whether to read what is set before it is taken back. */
  get mustRead(): boolean {
    return this.#isUnread
  }

  /** A question about all there is to keep, whose answer is for {@link keep}. */
  question(except: readonly ForAWhile[]): string {
    this.#isUnread = false
    return keptSql([...this.#ownNames], except)
  }

  /** @param answer what the server said */
  keep(answer: string): void {
    this.#kept = JSON.parse(answer) as Kept
  }

  get keepsSomething(): boolean {
    return this.#kept !== nothing
  }

  /** Statements that give a session back what was kept. */
  get restoration(): readonly string[] {
    const { settings, channels, role, user } = this.#kept
    const calls = settings.map(
      ([name, value]) => `set_config(${literal(name)}, ${literal(value)}, false)`,
    )
    return [
      ...(calls.length === 0 ? [] : [`SELECT ${calls.join(', ')}`]),
      ...channels.map((channel) => `LISTEN ${quoted(channel)}`),
      // Last, as they may not be allowed to do the others.
      ...(user === null ? [] : [`SET SESSION AUTHORIZATION ${quoted(user)}`]),
      ...(role === 'none' ? [] : [`SET ROLE ${quoted(role)}`]),
    ]
  }

  /** What is sent again is no set-up, but what commands begin with, each for itself. */
  #disown(statement: Statement): void {
    const text = textOf(statement)
    if (resetsAll.test(text)) this.#kept = nothing
    if (!this.#texts.has(text) || this.#kept === nothing) return
    const words = [text, ...statement.params].join(' ').toLowerCase()
    const isElsewhere = (name: string): boolean => !words.includes(name.toLowerCase())
    this.#kept = {
      ...this.#kept,
      settings: this.#kept.settings.filter(([name]) => isElsewhere(name)),
      channels: this.#kept.channels.filter(isElsewhere),
    }
  }
}

const textOf = ({ parts }: Statement): string => parts.join('?')

/** Begins no transaction. */
const staysOutside = /^\s*(?:set|show|reset|listen|select\s[^;]*$)(?!.*;\s*\S)/is

/** Settings of an extension's or an application's own have a dot in their names. */
const ownName = /[a-z_][\w$]*(?:\.[a-z_][\w$]*)+/gi

const resetsAll = /\b(?:discard|reset)\s+all\b/i

const writing =
  /\b(?:insert|update|delete|merge|copy|call|do|lock|truncate|alter|drop|nextval|setval|create(?!\s+(?:(?:local|global)\s+)?temp))\b/i

/** Their words may be those of the schema, and mean something else. */
const aboutSession = /^\s*(?:set|reset|show|listen|unlisten|discard)\b/i

/** Nobody asks for a setting that has been made up, unless there is something that may have set it. */
const readingOwn = /\bcurrent_setting\s*\(\s*(?:'[^']*\.|\?)|\bshow\s+[\w"]+\s*\./i

const commentOrText = /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'/g

/** Whether a statement reads or writes what the database is there for. */
const isUse = (text: string, names: RegExp): boolean =>
  readingOwn.test(text) ||
  text
    .replaceAll(commentOrText, ' ')
    .split(';')
    .some((each) => !aboutSession.test(each) && (writing.test(each) || names.test(each)))

/**
 * Settings that were defined by the server are listed with where they come from; `role` is not, and neither
 * are those that have been made up. Settings of a transaction end with it.
 * Source: PostgreSQL manual, 53.25 "pg_settings" and 19.16 "Customized Options".
 */
const keptSql = (ownNames: readonly string[], except: readonly ForAWhile[]): string => `
  SELECT pg_catalog.json_build_object(
    'settings', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_array(name, value)), '[]')
      FROM (
        SELECT name, setting AS value FROM pg_catalog.pg_settings
        WHERE source = 'session' AND name NOT LIKE 'transaction\\_%' AND name NOT IN (${list(['', ...except])})
        UNION ALL
        SELECT name, pg_catalog.current_setting(name, true)
        FROM pg_catalog.unnest(ARRAY[${list(ownNames)}]::text[]) AS name
        WHERE pg_catalog.current_setting(name, true) <> ''
      ) AS setting),
    'channels', (SELECT coalesce(pg_catalog.json_agg(channel), '[]')
      FROM pg_catalog.pg_listening_channels() AS channel),
    'role', pg_catalog.current_setting('role'),
    'user', (SELECT session_user FROM pg_catalog.pg_stat_activity
      WHERE pid = pg_catalog.pg_backend_pid() AND usename <> session_user)
  )::text AS kept`

const list = (texts: readonly string[]): string => texts.map(literal).join(', ')
