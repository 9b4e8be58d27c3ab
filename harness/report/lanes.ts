import { showRow, showStatement, type Row } from '../databases/statement.ts'
import type { ActorId, History, RecordedError, RunEvent } from '../history.ts'
import type { Reply } from '../reply.ts'
import { describeFault } from '../faults/index.ts'
import { describeStep, type Step } from '../session.ts'
import { count } from '../words.ts'

/**
 * What a run shows of one actor, in the order in which it happened: a history as people follow it, as
 * data. The timeline writes it as text, the report draws it.
 */
export type LaneEntry = { readonly actor: ActorId } & (
  | { readonly kind: 'command'; readonly text: string }
  /** A statement, or the rest of one, is sent; `together` with those whose step has the same number. */
  | {
      readonly kind: 'sent'
      readonly step: number
      readonly text: string
      readonly together: readonly ActorId[]
    }
  | { readonly kind: 'waiting'; readonly for: readonly ActorId[] }
  /** Its wait is over; `word` is what the statement begins with. */
  | { readonly kind: 'resumed'; readonly word: string }
  /** The statement has stopped between what it has read and the first row it writes. */
  | { readonly kind: 'stopped' }
  /** The statement was answered, in so many lines: none where there is nothing to say of it. */
  | { readonly kind: 'completed'; readonly results: readonly string[] }
  | { readonly kind: 'failed'; readonly error: RecordedError }
  /** What an application said of itself. */
  | { readonly kind: 'noted'; readonly text: string }
  /** Something other than an answer: a fault strikes, or the actor connects anew. */
  | { readonly kind: 'remark'; readonly text: string }
  | { readonly kind: 'replied'; readonly reply: Reply }
)

/** What each actor does, one after the other, as people read it. */
export type DescribedCommands = readonly (readonly string[])[]

/** More rows than this are counted, not shown. */
const mostRows = 4

/** Follows a run. Commands are shown where they begin, which the history does not say. */
export function lanesOf(commands: DescribedCommands, history: History): LaneEntry[] {
  const lanes = new Lanes(commands)
  return history.flatMap((event) => [...lanes.follow(event)])
}

class Lanes {
  readonly #described: DescribedCommands
  /** Index of the command each actor is at, and whether its beginning has been shown. */
  readonly #commands = new Map<ActorId, { index: number; shown: boolean }>()
  /** The step that each actor sent last. */
  readonly #requests = new Map<ActorId, Step>()
  /** The last step, and who took it. */
  #sent: { readonly step: number; readonly actors: ActorId[] } | undefined
  readonly #waiting = new Set<ActorId>()
  readonly #failed = new Set<ActorId>()
  /** Said before the database heard of the command: an actor may have been about to begin for long. */
  readonly #notes = new Map<ActorId, string[]>()

  constructor(commands: DescribedCommands) {
    this.#described = commands
  }

  *follow(event: RunEvent): Generator<LaneEntry> {
    const { actor } = event
    switch (event.kind) {
      case 'parked':
        if (event.request.kind !== 'phase') return
        yield* this.#resume(actor)
        yield { actor, kind: 'stopped' }
        return
      case 'shares':
        return
      case 'noted':
        if (this.#commands.get(actor)?.shown) yield { actor, kind: 'noted', text: event.text }
        else this.#notes.set(actor, [...(this.#notes.get(actor) ?? []), event.text])
        return
      case 'sent':
        yield* this.#beginCommand(actor)
        this.#requests.set(actor, event.request)
        yield {
          actor,
          kind: 'sent',
          step: event.step,
          text: showStep(event.request),
          together: this.#company(event),
        }
        return
      case 'blocked':
        this.#waiting.add(actor)
        yield { actor, kind: 'waiting', for: event.by }
        return
      case 'unblocked':
        return
      case 'completed':
        yield* this.#resume(actor)
        yield { actor, kind: 'completed', results: this.#results(event) }
        return
      case 'failed':
        yield* this.#resume(actor)
        if (event.transaction === 'failed') this.#failed.add(actor)
        yield { actor, kind: 'failed', error: event.error }
        return
      case 'fault':
        yield* this.#beginCommand(actor)
        yield { actor, kind: 'remark', text: `fault: ${describeFault(event)}` }
        return
      case 'disconnected':
        this.#failed.delete(actor)
        yield {
          actor,
          kind: 'remark',
          text: 'its connection is closed, and the server rolls back',
        }
        return
      case 'reconnected':
        yield { actor, kind: 'remark', text: 'a new connection' }
        return
      case 'replied':
        yield* this.#beginCommand(actor)
        this.#commands.set(actor, { index: event.command + 1, shown: false })
        yield { actor, kind: 'replied', reply: event.reply }
    }
  }

  /** With whom a statement is sent together, if it is. */
  #company({ actor, step }: Extract<RunEvent, { kind: 'sent' }>): readonly ActorId[] {
    if (this.#sent?.step !== step) this.#sent = { step, actors: [] }
    const company = [...this.#sent.actors]
    this.#sent.actors.push(actor)
    return company
  }

  *#beginCommand(actor: ActorId): Generator<LaneEntry> {
    const at = this.#commands.get(actor) ?? { index: 0, shown: false }
    if (at.shown) return
    this.#commands.set(actor, { ...at, shown: true })
    const text = this.#described[actor]?.[at.index]
    if (text !== undefined) yield { actor, kind: 'command', text }
    for (const note of this.#notes.get(actor) ?? []) yield { actor, kind: 'noted', text: note }
    this.#notes.delete(actor)
  }

  *#resume(actor: ActorId): Generator<LaneEntry> {
    if (!this.#waiting.delete(actor)) return
    yield { actor, kind: 'resumed', word: firstWord(this.#requests.get(actor)) }
  }

  #results(event: Extract<RunEvent, { kind: 'completed' }>): string[] {
    const word = firstWord(this.#requests.get(event.actor))
    if (word === 'COMMIT' && this.#failed.has(event.actor)) {
      this.#failed.delete(event.actor)
      return ['rolled back, because a statement before it had failed']
    }
    if (event.transaction !== 'failed') this.#failed.delete(event.actor)
    if (event.rows.length > 0) return showRows(event.rows)
    if (word === 'SELECT') return ['no rows']
    if (!['INSERT', 'UPDATE', 'DELETE', 'MERGE', 'WITH'].includes(word)) return []
    return [event.affectedRows > 0 ? `${event.affectedRows} written` : 'nothing written']
  }
}

/** What a statement is that has stopped is a few lines above. */
function showStep(step: Step): string {
  return step.kind === 'phase' ? `${firstWord(step)} goes on` : describeStep(step)
}

function firstWord(request: Step | undefined): string {
  if (!request) return 'statement'
  if (request.kind === 'sleep') return 'sleep'
  return /\w+/.exec(showStatement(request.statement))?.[0].toUpperCase() ?? 'statement'
}

function showRows(rows: readonly Row[]): string[] {
  const shown = rows.slice(0, mostRows).map(showRow)
  const more = rows.length - mostRows
  return more > 0 ? [...shown, `… and ${count(more, 'more row')}`] : shown
}
