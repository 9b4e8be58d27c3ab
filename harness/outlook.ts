import type { EngineName } from './databases/engine-name.ts'
import type { Plan } from './plan.ts'
import type { RunRecord } from './run.ts'

/** What can be known of a run before it, also from the runs before. */
export interface Outlook {
  readonly engine: EngineName
  /** Steps that each actor may take: as many as its commands have taken at most so far. */
  readonly steps: readonly number[]
}

/** Steps of a command of a kind that has never been run. */
const stepsOfUnknown = 5

/**
 * Learns how many steps commands take. The same runs in the same order teach the same, so a search
 * with the same seed goes the same way.
 */
export class StepCounts {
  readonly #engine: EngineName
  readonly #most = new Map<string, number>()

  constructor(engine: EngineName) {
    this.#engine = engine
  }

  learn({ history, observation }: RunRecord): void {
    const steps = new Map<number, number>()
    const done = new Map<number, number>()
    for (const event of history) {
      const { actor } = event
      if (event.kind === 'sent') steps.set(actor, (steps.get(actor) ?? 0) + 1)
      if (event.kind !== 'replied') continue
      const nth = done.get(actor) ?? 0
      done.set(actor, nth + 1)
      const own = observation.commands.filter((each) => each.actor === actor)
      const kind = own[nth]?.command.kind
      if (kind !== undefined) {
        this.#most.set(kind, Math.max(this.#most.get(kind) ?? 0, steps.get(actor) ?? 0))
      }
      steps.set(actor, 0)
    }
  }

  outlook({ actors }: Plan): Outlook {
    return {
      engine: this.#engine,
      steps: actors.map((commands) =>
        commands.reduce((sum, { kind }) => sum + (this.#most.get(kind) ?? stepsOfUnknown), 0),
      ),
    }
  }
}
