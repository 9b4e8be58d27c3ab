import type { ActorId } from '../history.ts'
import { drawsArbitrary } from './draws.ts'
import type { SamplingExplorer } from './explorer.ts'

/** More choices than most runs have scheduling points; beyond them a run goes on serially. */
const longest = 128

/**
 * Uniform random walk: an enabled actor is chosen with a probability in proportion to the steps it
 * still has to take. Then every schedule is as likely as any other. A random walk that chooses each
 * actor equally often is far from that: it lets a short actor end early, as an actor of two steps is
 * rarely the last one beside one of twenty.
 *
 * Source: Zhao, Wolff, Mathur, Roychoudhury, "Selectively Uniform Concurrency Testing", ASPLOS 2025,
 * algorithm 1 (URW).
 *
 * Deviations:
 * - It is not selective: algorithm 2 of the paper (SURW) is uniform over the orders of some steps that
 *   it takes for interesting, and leaves the others to chance.
 * - How many steps are left is not known, but expected: what the commands have taken at most so far.
 *   An actor that goes on beyond that counts as one that has one step left.
 * - Who waits for a lock is not enabled, and its steps do not count as long as it waits. So where
 *   there are locks, schedules are not equally likely; nor does the paper promise that.
 */
export const urw: SamplingExplorer = {
  kind: 'sampling',
  name: 'urw',
  summary: 'Draws each choice so that every schedule is about as likely as any other.',
  schedule: drawsArbitrary(longest),
  chooser: (schedule, outlook) => {
    const left = new Map<ActorId, number>(outlook.steps.entries())
    const stepsLeft = (actor: ActorId): number => Math.max(1, left.get(actor) ?? 1)
    return ({ step, enabled }) => {
      const weights = enabled.map(stepsLeft)
      const chosen = indexAt((schedule[step - 1] ?? 0) % sum(weights), weights)
      const actor = enabled[chosen] as ActorId
      left.set(actor, stepsLeft(actor) - 1)
      return chosen
    }
  },
}

/** Where a number falls, if each weight takes as much room as it says. */
function indexAt(drawn: number, weights: readonly number[]): number {
  let end = 0
  return weights.findIndex((weight) => {
    end += weight
    return drawn < end
  })
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0)
