import { actorName, type ActorId } from '../../history.ts'
import { describeReply } from '../../reply.ts'
import type { LaneEntry } from '../lanes.ts'
import type { LaneChart, LaneItem } from './report-view.ts'

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }
type ItemOf<Kind extends LaneItem['kind']> = Mutable<Extract<LaneItem, { kind: Kind }>>
type Answered = ItemOf<'statement'> | ItemOf<'outcome'>

/** Lays out what a run shows: what follows on a statement at once is written into its box. */
export function chartOf(actors: number, entries: readonly LaneEntry[]): LaneChart {
  const lanes = Array.from({ length: actors }, (_, actor) => actorName(actor))
  return { lanes, ...new Layout().place(entries) }
}

class Layout {
  readonly #items: LaneItem[] = []
  /** The wait that each actor is in. */
  readonly #waits = new Map<ActorId, ItemOf<'wait'>>()
  /** The step that each actor sent last. */
  readonly #steps = new Map<ActorId, number>()
  /** The box that what comes next may still be written into. */
  #open: Answered | undefined
  #rows = 0

  place(entries: readonly LaneEntry[]): Pick<LaneChart, 'items' | 'rows'> {
    for (const entry of entries) this.#add(entry)
    for (const wait of this.#waits.values()) wait.to = this.#rows
    return { items: this.#items, rows: this.#rows }
  }

  #add(entry: LaneEntry): void {
    const lane = entry.actor
    switch (entry.kind) {
      case 'command':
      case 'noted':
        this.#push({ kind: 'command', lane, row: this.#nextRow(), text: entry.text })
        return
      case 'sent': {
        const { step, text, together } = entry
        this.#steps.set(lane, step)
        const row = this.#nextRow()
        this.#openBox({ kind: 'statement', lane, row, step, text, together, results: [] })
        return
      }
      case 'waiting':
        this.#wait(lane, entry.for)
        return
      case 'resumed':
        this.#resume(lane)
        return
      case 'stopped':
        this.#boxOf(lane).stopped = true
        return
      case 'completed':
        if (entry.results.length === 0 && this.#open?.lane !== lane) return
        this.#boxOf(lane).results = entry.results
        return
      case 'failed': {
        const { errorClass, code, message } = entry.error
        this.#boxOf(lane).error = `${errorClass} (${code}): ${message}`
        return
      }
      case 'remark':
        this.#push({ kind: 'remark', lane, row: this.#nextRow(), text: entry.text })
        return
      case 'replied': {
        const { reply } = entry
        const row = this.#nextRow()
        this.#push({ kind: 'reply', lane, row, text: describeReply(reply), reply: reply.kind })
      }
    }
  }

  #push(item: LaneItem): void {
    this.#open = undefined
    this.#items.push(item)
  }

  #openBox(item: Answered): void {
    this.#push(item)
    this.#open = item
  }

  /** The box of what the actor does, a new one where something else has happened since. */
  #boxOf(lane: ActorId, resumed = false): Answered {
    if (this.#open?.lane === lane) return this.#open
    const step = this.#steps.get(lane) ?? 0
    const box: Answered = {
      kind: 'outcome',
      lane,
      row: this.#nextRow(),
      step,
      resumed,
      results: [],
    }
    this.#openBox(box)
    return box
  }

  #wait(lane: ActorId, others: readonly ActorId[]): void {
    this.#endWait(lane, this.#rows)
    const row = this.#nextRow()
    const wait: ItemOf<'wait'> = { kind: 'wait', lane, row, to: row + 1, for: others, ended: false }
    this.#push(wait)
    this.#waits.set(lane, wait)
  }

  #resume(lane: ActorId): void {
    const row = this.#rows
    this.#open = undefined
    this.#boxOf(lane, true)
    this.#endWait(lane, row)
  }

  #endWait(lane: ActorId, row: number): void {
    const wait = this.#waits.get(lane)
    if (!wait) return
    wait.to = row
    wait.ended = true
    this.#waits.delete(lane)
  }

  #nextRow(): number {
    this.#rows += 1
    return this.#rows - 1
  }
}
