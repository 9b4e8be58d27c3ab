import { beginStatements } from '../databases/begin.ts'
import { isDatabaseError } from '../databases/database-error.ts'
import type { Lane, Rows, Table } from '../databases/engine.ts'
import type { Row } from '../databases/statement.ts'
import { HarnessFault } from '../errors.ts'
import { defaultLimits } from '../limits.ts'
import type { ActorId, History } from '../history.ts'
import type { Chooser } from '../scheduler/choice.ts'
import { Scheduler, type ActorBody, type ActorPort } from '../scheduler/scheduler.ts'
import { performedSteps, type CaseRun, type Outcome, type PerformedStep } from './case-run.ts'
import {
  endsTransaction,
  initialValues,
  toStatement,
  type ScriptStep,
  type SessionNumber,
  type Values,
} from './script.ts'

const table: Table = {
  name: 'test',
  columns: ['id', 'value'],
  create: ['CREATE TABLE test (id INT PRIMARY KEY, value INT)'],
}

const initialRows: Rows = {
  test: Object.entries(initialValues).map(([id, value]) => ({ id: Number(id), value })),
}

/** Makes the one table of all cases. */
export const prepareForScripts = (lane: Lane): Promise<void> => lane.prepare([table], [])

/**
 * Runs a script in its order, through the scheduler: every transaction begins at the lane's isolation
 * level, and a step whose session waits is sent as soon as it can be. Once a transaction has been
 * refused, its other steps are left out, and it is rolled back where its commit stands.
 *
 * @throws {Fault} when it could not be followed. The lane can be used again.
 */
export async function runScript(
  lane: Lane,
  script: readonly ScriptStep[],
  signal?: AbortSignal,
): Promise<CaseRun> {
  const count = Math.max(...script.map(({ session }) => session))
  const sessions = await lane.sessions(count)
  const ready = lane.reset(initialRows)
  ready.catch(() => undefined) // the scheduler awaits it, unless something else stops it before
  const run = new ScriptRun(lane, script)
  const scheduler = new Scheduler({
    lane,
    sessions: sessions.map((session) => [session]),
    ready,
    choose: run.choose,
    grain: 'statement',
    limits: defaultLimits,
    onCommit: async () => {
      await lane.observe()
    },
    strategy: 'hermitage',
    signal,
  })
  try {
    await scheduler.run(sessions.map((_, actor) => run.body(actor)))
    await scheduler.observed()
    const { test = [] } = await lane.observe()
    const { events: history } = scheduler
    return { steps: run.performed(history), final: toValues(test), history }
  } catch (error) {
    // Statements may still be under way. If the server is gone, what is known already says so.
    await lane.recover().catch(() => undefined)
    throw error
  }
}

/** Where in the script BEGIN stands, which no script names. */
const beginning = -1

class ScriptRun {
  readonly #lane: Lane
  readonly #script: readonly ScriptStep[]
  /** The places in the script of what each actor has asked for, in order. */
  readonly #asked = new Map<ActorId, number[]>()

  constructor(lane: Lane, script: readonly ScriptStep[]) {
    this.#lane = lane
    this.#script = script
  }

  /** The step that comes first in the script, of those that can be sent; of two BEGINs, T1's. */
  readonly choose: Chooser = ({ enabled }) => {
    const places = enabled.map((actor) => ({ actor, place: this.#placeOf(actor) }))
    const [first] = places.toSorted((a, b) => a.place - b.place || a.actor - b.actor)
    return enabled.indexOf(first?.actor ?? 0)
  }

  /** Where what the actor has asked for last stands in the script. */
  #placeOf(actor: ActorId): number {
    return this.#asked.get(actor)?.at(-1) ?? beginning
  }

  body(actor: ActorId): ActorBody {
    return async (port) => {
      for (const statement of beginStatements(this.#lane.engine.name)) {
        this.#ask(actor, beginning)
        await port.gate({ kind: 'statement', statement })
      }
      let isRefused = false
      for (const [place, step] of this.#script.entries()) {
        if (step.session !== sessionOf(actor)) continue
        if (isRefused && !endsTransaction(step)) continue
        const isDone = await this.#send(port, actor, place, isRefused ? rollback : step)
        isRefused = !isDone && !endsTransaction(step)
      }
    }
  }

  /** Whether the database did it. */
  async #send(
    port: ActorPort,
    actor: ActorId,
    place: number,
    { action }: Pick<ScriptStep, 'action'>,
  ): Promise<boolean> {
    this.#ask(actor, place)
    try {
      await port.gate({ kind: 'statement', statement: toStatement(action) })
      return true
    } catch (error) {
      if (isDatabaseError(error)) return false
      throw error
    }
  }

  #ask(actor: ActorId, place: number): void {
    const places = this.#asked.get(actor)
    if (places) places.push(place)
    else this.#asked.set(actor, [place])
  }

  /** What became of each step, from what the scheduler saw. */
  performed(history: History): PerformedStep[] {
    const done: Pick<PerformedStep, 'waited' | 'outcome'>[] = []
    const sent = new Map<ActorId, number>()
    const waited = new Set<ActorId>()
    const refused = new Set<ActorId>()
    for (const event of history) {
      const { actor } = event
      if (event.kind === 'sent') {
        sent.set(actor, (sent.get(actor) ?? 0) + 1)
        waited.delete(actor)
      }
      if (event.kind === 'blocked') waited.add(actor)
      if (event.kind !== 'completed' && event.kind !== 'failed') continue
      const place = this.#asked.get(actor)?.[(sent.get(actor) ?? 0) - 1]
      if (place === undefined) throw new HarnessFault('An answer belongs to no step of the script.')
      const step = this.#script[place]
      if (!step) continue // BEGIN
      const outcome: Outcome =
        event.kind === 'failed'
          ? { kind: 'refused', error: event.error }
          : completed(step, event, refused.has(actor))
      if (endsTransaction(step)) refused.delete(actor)
      else if (event.kind === 'failed') refused.add(actor)
      done[place] = { waited: waited.has(actor), outcome }
    }
    return performedSteps(this.#script, done)
  }
}

const rollback = { action: { kind: 'abort' } } as const satisfies Pick<ScriptStep, 'action'>

const sessionOf = (actor: ActorId): SessionNumber => (actor + 1) as SessionNumber

function completed(
  { action }: ScriptStep,
  { rows, affectedRows }: { readonly rows: readonly Row[]; readonly affectedRows: number },
  wasRefused: boolean,
): Outcome {
  if (action.kind === 'commit' && wasRefused) return { kind: 'rolled back' }
  if (action.kind === 'read') return { kind: 'rows', rows: toValues(rows) }
  return { kind: 'done', affectedRows }
}

/** In the order of their ids, whatever order the database returned them in. */
const toValues = (rows: readonly Row[]): Values =>
  Object.fromEntries(rows.map(({ id, value }) => [Number(id), Number(value)]))
