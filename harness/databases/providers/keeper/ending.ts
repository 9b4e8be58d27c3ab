import { statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ServerKind } from './kind.ts'
import { isSame, listProcesses, type RunningProcess } from './processes.ts'

/** How long a server may take to shut down before it is killed. */
const shutdownLimitMs = 3_000
/** How long killed processes may take to be gone. */
const killLimitMs = 5_000
const pollMs = 5

/**
 * Ends whatever runs in a server's folder: in order if the server can do that quickly.
 *
 * @throws {Error} when something could not be ended
 */
export async function endProcesses(kind: ServerKind, folder: string): Promise<void> {
  const end = kind.quickEnd?.(folder)
  const server = end ? processesOf(kind, folder).filter(({ pid }) => pid === end.pid) : []
  for (const { pid } of server) signal(pid, end?.signal)
  await until(() => stillRunning(server).length === 0, shutdownLimitMs)
  await killProcesses(kind, folder)
}

/**
 * Kills a server with all its processes, so that none of them has time to notice that another one is
 * gone: not even clients are told anything. Done when all are gone.
 *
 * @param server the process that the others come from
 * @throws {Error} when something could not be killed
 */
export async function killServer(kind: ServerKind, folder: string, server: number): Promise<void> {
  // PostgreSQL's would end the others in order when it sees one of them die; and they, when it dies,
  // say so to their clients. So it is held still until they are dead.
  signal(server, 'SIGSTOP')
  const processes = processesOf(kind, folder)
  for (const { pid } of processes) if (pid !== server) kill(pid)
  kill(server)
  await killProcesses(kind, folder, processes)
}

/**
 * Kills whatever runs in a server's folder. Done when all of it is gone.
 *
 * @param known what is waited for besides, because it may be on its way out
 */
async function killProcesses(
  kind: ServerKind,
  folder: string,
  known: readonly RunningProcess[] = [],
): Promise<void> {
  // Looked for again each time, since a server that is being killed may just have forked.
  let left = known
  const gone = await until(() => {
    left = [...stillRunning(left), ...processesOf(kind, folder)]
    for (const { pid } of left) kill(pid)
    return left.length === 0
  }, killLimitMs)
  if (!gone) throw new Error(`The processes of ${folder} cannot be ended.`)
}

/** Asked of the processes themselves: on its way out, one no longer shows what it worked on. */
function stillRunning(processes: readonly RunningProcess[]): RunningProcess[] {
  if (processes.length === 0) return []
  const now = listProcesses()
  return processes.filter((process) => now.some((other) => isSame(process, other)))
}

function kill(pid: number): void {
  // First the group that it may lead, which is how an initialisation's helpers go with it.
  signal(-pid, 'SIGKILL')
  signal(pid, 'SIGKILL')
}

/** Waits for a condition, and says whether it came true within the limit. */
export async function until(condition: () => boolean, limitMs: number): Promise<boolean> {
  const deadline = performance.now() + limitMs
  while (!condition()) {
    if (performance.now() > deadline) return false
    await sleep(pollMs)
  }
  return true
}

/** Told by what they show, and not by a number in a file: by now that may be another process's. */
function processesOf(kind: ServerKind, folder: string): RunningProcess[] {
  const uid = statSync(folder, { throwIfNoEntry: false })?.uid
  if (uid === undefined) return []
  return listProcesses().filter(
    (process) => process.uid === uid && kind.isPartOf(folder, process.command),
  )
}

function signal(target: number, name?: NodeJS.Signals): void {
  try {
    process.kill(target, name)
  } catch {
    // It has ended, or leads no group.
  }
}
