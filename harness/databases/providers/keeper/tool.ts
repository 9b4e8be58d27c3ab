import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Account } from './account.ts'

/** How each of a server's programs is run. */
export function toolOptions(account: Account | undefined) {
  return {
    // Not the caller's folder, which the account may be unable to enter.
    cwd: '/',
    // Not the caller's environment: PGDATA, MYSQL_UNIX_PORT and their like would have a say, and
    // with LD_LIBRARY_PATH other libraries than the ones shipped. The locale is set because
    // PostgreSQL for macOS does not start without one.
    env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
    ...(account && { uid: account.uid, gid: account.gid }),
  }
}

/** A program that has started. */
export interface Tool {
  readonly pid: number
  /** How it ended, to follow its name in a sentence; `succeeded` for exit code 0. Never rejects. */
  readonly ended: Promise<string>
  /** What it has written to the standard error so far, if that was not sent to a file. */
  complaint(): string
}

/** Where a program reads from, and where it complains: open files, `ignore` or `pipe`. */
export interface ToolStreams {
  readonly input: number | 'ignore'
  /** A pipe's text is kept. */
  readonly complaints: number | 'pipe'
}

/**
 * Starts a program as the account. It leads a process group of its own: a group can be ended as a whole, and signals for ours do not
 * reach it.
 *
 * @throws {Error} when it cannot be started
 */
export async function startTool(
  command: string,
  parameters: readonly string[],
  account: Account | undefined,
  { input, complaints }: ToolStreams,
): Promise<Tool> {
  const options = { ...toolOptions(account), detached: true }
  const child = spawn(command, parameters, { ...options, stdio: [input, 'ignore', complaints] })
  let complaint = ''
  child.stderr?.on('data', (text) => (complaint += String(text)))
  await once(child, 'spawn')
  const { pid } = child
  if (pid === undefined) throw new Error(`${command} has no process.`)
  return { pid, ended: ending(child), complaint: () => complaint }
}

async function ending(child: ChildProcess): Promise<string> {
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  if (code === 0) return 'succeeded'
  return signal === null ? `failed with exit code ${code}` : `was ended by ${signal}`
}
