import type { EngineName } from '../../engine-name.ts'
import type { Account } from './account.ts'
import type { Address } from './address.ts'

/**
 * A database system's own settings, by name. They are the server's defaults: a session can still be
 * given a value of its own.
 */
export type Settings = Readonly<Record<string, string | number | boolean>>

/** Where, as whom and with what a server is made and run. */
export interface Site {
  readonly folder: string
  /** The server's own program. */
  readonly server: string
  /** What that program answers to `--version`. */
  readonly version: string
  readonly account: Account | undefined
  /** Whether what is committed has to outlive a kill. */
  readonly durable: boolean
  /** On top of the kind's own. */
  readonly settings: Settings
}

/** A program to run. */
export interface Command {
  readonly program: string
  readonly parameters: readonly string[]
  /** Whether it reads the secret file as its standard input. */
  readonly readsSecret?: boolean
}

/** All that the keeper has to know of a database system to start a server of it and to remove one. */
export interface ServerKind {
  readonly name: EngineName
  /** As its makers write it. */
  readonly title: string
  /** The accounts that root runs it as: the first of them that there is. */
  readonly accounts: readonly string[]
  /** Name of its socket in the server's folder. */
  readonly socketName: string
  /** All the programs that are run, given the server's own, which comes first. */
  programs(server: string): readonly string[]
  /** Text of a private file for `initialise`: it says that `superuser` has the password. */
  secret(server: string, password: string): string
  /** Makes new data, in which nobody but `superuser` may log in. */
  initialise(site: Site): Command
  /** Runs the server in the foreground, listening there and for nobody from outside this machine. */
  serve(site: Site, address: Address): Command
  /** Whether the folder's server, which was started as process `pid`, takes connections. */
  isReady(folder: string, pid: number): boolean
  url(address: Address, password: string): string
  /** Whether a process belongs to the folder's server, judged by its command line or title. */
  isPartOf(folder: string, command: string): boolean
  /**
   * A process of the folder's server, and the signal by which it ends at once and gives back what it
   * has outside its folder. Kinds that have nothing there are just killed.
   */
  readonly quickEnd?: (
    folder: string,
  ) => { readonly pid: number; readonly signal: NodeJS.Signals } | undefined
  /** Gives back what a killed server of the folder has left outside it. */
  readonly giveBack?: (folder: string) => void
}

/** The only user of a new server, who may do everything. */
export const superuser = 'lockstep'
