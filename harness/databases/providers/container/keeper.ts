/**
 * The keeper of a container: a process that outlives its parent just long enough to remove it.
 *
 * It holds a channel to the parent, which the system closes however the parent ends: that is the
 * order to remove. Being a session of its own, it does not get the Ctrl-C meant for the parent.
 */
import { setTimeout as sleep } from 'node:timers/promises'

const [id = ''] = process.argv.slice(2)

const retryMs = 500
const retryLimitMs = 30_000
/** How long a container may take to appear that Docker was already making when the parent ended. */
const appearLimitMs = 5_000

for (const order of ['disconnect', 'SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(order, () => void leave())
}
// The parent has removed it.
process.on('message', () => process.exit())
// The parent may have ended before anybody listened.
if (!process.connected) void leave()

let leaving = false

async function leave(): Promise<void> {
  if (leaving) return
  leaving = true
  const start = performance.now()
  const passed = (limitMs: number): boolean => performance.now() - start > limitMs
  while (!passed(retryLimitMs)) {
    // Failures are Docker's, which may be back in a moment. The next start sweeps what is left.
    const removed = await remove().catch(() => undefined)
    if (removed !== undefined && (removed > 0 || passed(appearLimitMs))) break
    await sleep(retryMs)
  }
  process.exit()
}

/** Loads what it takes only now: most keepers never need it. */
async function remove(): Promise<number> {
  const { getContainerRuntimeClient } = await import('testcontainers')
  const { removeContainer } = await import('./leftovers.ts')
  return removeContainer((await getContainerRuntimeClient()).container.dockerode, id)
}
