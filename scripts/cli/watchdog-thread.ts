/** Watches the main thread, and ends what runs there when it no longer comes to the event loop. */
import { Session } from 'node:inspector'
import { workerData } from 'node:worker_threads'
import type { Watch } from './watchdog.ts'

const { beats, broken, mostMissed, lookMs } = workerData as Watch
let seen = 0
let missed = 0

// Looks are counted rather than timed: while the machine sleeps, nobody misses a beat.
setInterval(() => {
  const now = Atomics.load(beats, 0)
  missed = now === seen ? missed + 1 : 0
  seen = now
  if (missed === mostMissed) breakLoop()
}, lookMs)

function breakLoop(): void {
  Atomics.store(broken, 0, 1)
  const session = new Session()
  session.connectToMainThread()
  session.post('Runtime.terminateExecution', () => session.disconnect())
}
