import { crc32 } from 'node:zlib'
import { withAnyDatabase } from '../databases/engines/database-name.ts'
import { ReplayDivergence } from '../errors.ts'
import { actorName } from '../history.ts'
import type { Choice, ChoicePoint, Chooser } from '../scheduler/choice.ts'
import { describeStep, type Step } from '../session.ts'

/**
 * A number for each scheduling point of a run, made from who was enabled and what each of them was
 * about to do. Two runs with the same trace took the same way.
 */
export type Trace = readonly number[]

export function traceOf(choices: readonly Choice[]): Trace {
  return choices.map(({ point }) => fingerprint(point))
}

/** Follows a recorded run and refuses to go on where it went another way. */
export function replaying(
  choices: readonly number[],
  trace: Trace,
): { readonly choose: Chooser; finish(): void } {
  let followed = 0
  return {
    choose: (point) => {
      const expected = trace[point.step - 1]
      if (expected === undefined) {
        throw new ReplayDivergence(
          `The replay goes on after the ${trace.length} steps that were recorded: ${describePoint(point)}.`,
          point.step,
        )
      }
      if (expected !== fingerprint(point)) {
        throw new ReplayDivergence(
          `The replay differs from the recording at step ${point.step}, where now ${describePoint(point)}: the strategy, its tables or the database have changed since.`,
          point.step,
        )
      }
      followed = point.step
      return (choices[point.step - 1] ?? 0) % point.enabled.length
    },
    finish: () => {
      if (followed === trace.length) return
      throw new ReplayDivergence(
        `The replay ended after ${followed} of the ${trace.length} steps that were recorded.`,
        followed + 1,
      )
    },
  }
}

/**
 * Sixteen bits are enough to notice a difference, and keep tokens short. A replay has a database of its own,
 * whose name may stand in what an application sends.
 */
function fingerprint(point: ChoicePoint): number {
  return crc32(withAnyDatabase(describePoint(point))) & 0xffff
}

function describePoint({ enabled, requests }: ChoicePoint): string {
  return enabled
    .map((actor, index) => `${actorName(actor)} is at ${describeStep(requests[index] as Step)}`)
    .join(', ')
}
