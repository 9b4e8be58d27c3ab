import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { isSame, listProcesses, processNamespace, startedAt } from '../keeper/processes.ts'

/** A process that owns a container, in such a way that another one with its number is not taken for it. */
export interface Owner {
  /** One Docker may serve several machines, each with process numbers of its own. */
  readonly machine: string
  readonly namespace: string | undefined
  readonly pid: number
  readonly startedAt: string | undefined
}

export const thisProcess = (): Owner => ({
  machine: thisMachine(),
  namespace: processNamespace(),
  pid: process.pid,
  startedAt: startedAt(process.pid),
})

/** Whether the owner has certainly ended. Of another machine's processes we cannot tell. */
export function hasEnded(owner: Owner): boolean {
  if (owner.machine !== thisMachine() || owner.namespace !== processNamespace()) return false
  return !listProcesses().some((process) => isSame(process, owner))
}

/** Not the name alone: clones of a machine share it. */
const thisMachine = (): string => `${hostname()} ${bootId()}`.trim()

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return ''
  }
}
