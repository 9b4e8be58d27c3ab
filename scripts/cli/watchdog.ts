import { url as debuggerUrl } from 'node:inspector'
import { Worker } from 'node:worker_threads'
import { moduleBeside, StrategyFault } from '../../harness/index.ts'

/** What the watching thread is given: of all else it knows nothing, as loading it takes time. */
export interface Watch {
  /** Beats of the main thread. */
  readonly beats: Int32Array
  /** Whether the watching thread has had to step in. */
  readonly broken: Int32Array
  /** Looks without a beat after which the main thread counts as stuck, one every `lookMs`. */
  readonly mostMissed: number
  readonly lookMs: number
}

const mostMissed = 5
const lookMs = 1000
const beatMs = 250

/**
 * Does work that may call code under test, and gives up on a loop that never pauses: nothing else
 * would run in this thread again, neither a time limit nor the answer to Ctrl-C.
 *
 * @throws {StrategyFault} when such a loop has been broken. Promises may then have been lost with it,
 *   so the process must end soon.
 */
export async function withWatchdog<T>(work: () => Promise<T>): Promise<T> {
  // Whoever stops at a breakpoint wants to stay there.
  if (debuggerUrl() !== undefined) return work()
  const beats = new Int32Array(new SharedArrayBuffer(4))
  const broken = new Int32Array(new SharedArrayBuffer(4))
  const watcher = new Worker(moduleBeside('watchdog-thread', import.meta.url), {
    workerData: { beats, broken, mostMissed, lookMs } satisfies Watch,
  })
  watcher.unref()
  let beating: NodeJS.Timeout | undefined
  const stuck = new Promise<never>((_, reject) => {
    beating = setInterval(() => {
      Atomics.add(beats, 0, 1)
      if (Atomics.load(broken, 0) === 1) reject(new StrategyFault(neverPaused))
    }, beatMs).unref()
  })
  try {
    return await Promise.race([work(), stuck])
  } finally {
    clearInterval(beating)
    await watcher.terminate()
  }
}

const neverPaused = `The strategy computed for ${(mostMissed * lookMs) / 1000} s without a pause, and was stopped: it has a loop that never ends.`
