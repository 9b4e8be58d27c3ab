import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Account } from './account.ts'

/** How each of PostgreSQL's programs is run. */
export function toolOptions(account: Account | undefined) {
  return {
    // Not the caller's folder, which the account may be unable to enter.
    cwd: '/',
    // Not the caller's environment: PGDATA, PGPORT and their like would have a say, and with
    // LD_LIBRARY_PATH other libraries than the ones shipped. The locale is set because PostgreSQL
    // for macOS does not start without one.
    env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
    ...(account && { uid: account.uid, gid: account.gid }),
  }
}

/** A program of PostgreSQL's that has started. */
export interface Tool {
  readonly pid: number
  /** How it ended, to follow its name in a sentence; `succeeded` for exit code 0. Never rejects. */
  readonly ended: Promise<string>
}

/**
 * Starts a program as the account, with its messages going to the open file `log`. It leads a
 * process group of its own: a group can be ended as a whole, and is not reached by signals for ours.
 *
 * @throws {Error} when it cannot be started
 */
export async function startTool(
  command: string,
  parameters: readonly string[],
  account: Account | undefined,
  log: number,
): Promise<Tool> {
  const options = { ...toolOptions(account), detached: true }
  const child = spawn(command, parameters, { ...options, stdio: ['ignore', 'ignore', log] })
  await once(child, 'spawn')
  return { pid: child.pid!, ended: ending(child) }
}

async function ending(child: ChildProcess): Promise<string> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  if (code === 0) return 'succeeded'
  return signal === null ? `failed with exit code ${code}` : `was ended by ${signal}`
}
