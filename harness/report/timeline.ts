import { actorName, type ActorId, type History } from '../history.ts'
import type { Plan } from '../plan.ts'
import { describeReply } from '../reply.ts'
import type { AnyWorkload } from '../workload.ts'
import { lanesOf, type LaneEntry } from './lanes.ts'
import { pageWidth, wrap } from './layout.ts'

/** Room for the step's number. */
const gutter = 6
const widestLane = 46

/**
 * A run as lanes: time goes down, each actor has a lane of its own, and every line belongs to one
 * actor. Waits are written as PostgreSQL's isolation tester writes them.
 */
export function renderTimeline(workload: AnyWorkload, plan: Plan, history: History): string {
  const commands = plan.actors.map((each) => each.map((command) => workload.describe(command)))
  return new Timeline(plan.actors.length).render(lanesOf(commands, history))
}

class Timeline {
  readonly #actors: number
  readonly #laneWidth: number
  readonly #laneShift: number
  readonly #lines: string[] = []

  constructor(actors: number) {
    this.#actors = actors
    const others = actors - 1
    const room = pageWidth - gutter
    // Two lanes stand side by side. More of them overlap: no two actors share a line anyway.
    this.#laneWidth = Math.min(widestLane, room)
    this.#laneShift = others === 0 ? 0 : Math.floor((room - this.#laneWidth) / others)
  }

  render(entries: readonly LaneEntry[]): string {
    this.#lines.push(this.#header())
    for (const entry of entries) this.#show(entry)
    return this.#lines.join('\n')
  }

  #header(): string {
    let line = 'step'.padEnd(gutter)
    for (let actor = 0; actor < this.#actors; actor += 1) {
      line = line.padEnd(this.#offset(actor)) + actorName(actor)
    }
    return line
  }

  #show(entry: LaneEntry): void {
    const { actor } = entry
    switch (entry.kind) {
      case 'command':
        return this.#write(actor, `${entry.text}:`)
      case 'noted':
        return this.#write(actor, entry.text)
      case 'sent':
        if (entry.together.length > 0) {
          this.#write(actor, `<together with ${entry.together.map(actorName).join(', ')}>`)
        }
        return this.#write(actor, entry.text, String(entry.step))
      case 'waiting':
        return this.#write(actor, `<waiting for ${entry.for.map(actorName).join(', ')}>`)
      case 'resumed':
        return this.#write(actor, `<... ${entry.word} resumed>`)
      case 'stopped':
        return this.#write(actor, '<stops before its first row>')
      case 'completed':
        for (const result of entry.results) this.#write(actor, `→ ${result}`)
        return
      case 'failed': {
        const { errorClass, code, message } = entry.error
        return this.#write(actor, `→ ${errorClass} (${code}): ${message}`)
      }
      case 'remark':
        return this.#write(actor, `<${entry.text}>`)
      case 'replied':
        return this.#write(actor, `= ${describeReply(entry.reply)}`)
    }
  }

  #write(actor: ActorId, text: string, step = ''): void {
    const margin = ' '.repeat(this.#offset(actor) - gutter)
    // The lines that go on with a statement are set in, so that its beginning stands out.
    const hang = step === '' ? '' : '  '
    const lines = wrap(text, this.#laneWidth - hang.length)
    for (const [index, line] of lines.entries()) {
      const number = index === 0 ? step : ''
      this.#lines.push(
        `${number.padStart(gutter - 2)}  ${margin}${index === 0 ? '' : hang}${line}`.trimEnd(),
      )
    }
  }

  #offset(actor: ActorId): number {
    return gutter + actor * this.#laneShift
  }
}
