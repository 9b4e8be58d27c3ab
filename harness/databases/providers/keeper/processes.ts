import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'

/** A running process. One that has ended and is only waiting for its parent to notice is not. */
export interface RunningProcess {
  readonly pid: number
  readonly uid: number
  /** When it started, in whatever way the system says so: two of one number differ in it. */
  readonly startedAt: string
  /** Its command line or, where it has given itself one, its title. */
  readonly command: string
}

type Identity = Pick<RunningProcess, 'pid'> & { readonly startedAt: string | undefined }

/** Whether they are one process, and not two that were given the same number one after the other. */
export const isSame = (one: Identity, other: Identity): boolean =>
  one.pid === other.pid && one.startedAt === other.startedAt

/** All running processes, as far as the system shows them to us. */
export function listProcesses(): RunningProcess[] {
  return existsSync('/proc/self/stat') ? listFromProc() : listFromPs()
}

export const startedAt = (pid: number): string | undefined =>
  listProcesses().find((process) => process.pid === pid)?.startedAt

/**
 * Which set of process numbers is ours, where there can be several: containers that share a
 * temporary folder do not see each other's processes.
 */
export function processNamespace(): string | undefined {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return undefined
  }
}

function listFromProc(): RunningProcess[] {
  const numbers = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return numbers.flatMap((name) => readProc(Number(name)) ?? [])
}

function readProc(pid: number): RunningProcess | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the program's name in brackets and may hold anything, brackets too.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [state, started] = [fields[0], fields[19]]
    if (state === 'Z' || state === 'X' || started === undefined) return undefined
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
    return { pid, uid: statSync(`/proc/${pid}`).uid, startedAt: started, command }
  } catch {
    // It ended while we were reading.
    return undefined
  }
}

/** Exported for its test: elsewhere than on macOS it is not otherwise run. */
export function listFromPs(): RunningProcess[] {
  const columns = ['pid', 'uid', 'stat', 'lstart', 'command'].flatMap((name) => ['-o', `${name}=`])
  const table = execFileSync('ps', ['-axww', ...columns], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
    maxBuffer: 64 * 1024 * 1024,
  })
  return table.split('\n').flatMap(parsePsLine)
}

function parsePsLine(line: string): RunningProcess[] {
  // `lstart` is five words: Tue Nov 21 20:02:00 2026.
  const parts = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+((?:\S+\s+){4}\d{4})\s+(.*)$/.exec(line)
  if (!parts) return []
  const [, pid, uid, state = '', started = '', command = ''] = parts
  if (state.startsWith('Z')) return []
  return [{ pid: Number(pid), uid: Number(uid), startedAt: started, command: command.trim() }]
}
