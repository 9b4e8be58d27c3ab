import type { Lane } from '../databases/engine.ts'
import { HarnessFault, StrategyFault } from '../errors.ts'
import type { UnderWay } from './client.ts'

/** What a lane says about waits for locks of some kinds only every other time. */
const looks = 2

/**
 * Commands have not been answered when everybody had time to end. That may be what the strategy costs:
 * one after the other has to find a deadlock, or sleeps before it tries again. But one that waits for
 * nothing hangs, and would so for ever.
 *
 * @throws {Fault} when one hangs.
 */
export async function checkUnfinished(
  lane: Lane,
  strategy: string,
  unfinished: readonly UnderWay[],
  limitMs: number,
): Promise<void> {
  const idle = unfinished.find(({ sessions, isSleeping }) => sessions.length === 0 && !isSleeping)
  if (idle) {
    throw new StrategyFault(
      `Strategy "${strategy}" hangs in ${idle.place}: for ${limitMs} ms it has neither sent a statement nor ended.`,
    )
  }
  if (unfinished.some(({ isSleeping }) => isSleeping)) return
  for (let look = 1; look <= looks; look++) {
    const waits = await lane.waits(unfinished.flatMap(({ sessions }) => sessions))
    if (waits.length > 0) return
  }
  throw new HarnessFault(
    `Strategy "${strategy}" did not end ${unfinished[0]?.place} within ${limitMs} ms, and waits for no lock: one of its statements takes longer, or it never ends.`,
  )
}
