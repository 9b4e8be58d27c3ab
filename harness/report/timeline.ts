import { showRow, showStatement, type Row } from '../databases/statement.ts'
import { actorName, type ActorId, type History, type RunEvent } from '../history.ts'
import type { Plan } from '../plan.ts'
import { describeReply } from '../reply.ts'
import { describeStep, type Step } from '../session.ts'
import type { AnyWorkload } from '../workload.ts'
import { count } from '../words.ts'
import { pageWidth, wrap } from './layout.ts'

/** Room for the step's number. */
const gutter = 6
const widestLane = 46
/** More rows than this are counted, not shown. */
const mostRows = 4

/**
 * A run as lanes: time goes down, each actor has a lane of its own, and every line belongs to one
 * actor. Waits are written as PostgreSQL's isolation tester writes them.
 */
export function renderTimeline(workload: AnyWorkload, plan: Plan, history: History): string {
  return new Timeline(workload, plan).render(history)
}

class Timeline {
  readonly #workload: AnyWorkload
  readonly #plan: Plan
  readonly #laneWidth: number
  readonly #laneShift: number
  readonly #lines: string[] = []
  /** Index of the command each actor is at, and whether its beginning has been shown. */
  readonly #commands = new Map<ActorId, { index: number; shown: boolean }>()
  /** The step that each actor sent last. */
  readonly #requests = new Map<ActorId, Step>()
  /** The last step, and who took it. */
  #sent: { readonly step: number; readonly actors: ActorId[] } | undefined
  readonly #waiting = new Set<ActorId>()
  readonly #failed = new Set<ActorId>()

  constructor(workload: AnyWorkload, plan: Plan) {
    this.#workload = workload
    this.#plan = plan
    const others = plan.actors.length - 1
    const room = pageWidth - gutter
    // Two lanes stand side by side. More of them overlap: no two actors share a line anyway.
    this.#laneWidth = Math.min(widestLane, room)
    this.#laneShift = others === 0 ? 0 : Math.floor((room - this.#laneWidth) / others)
  }

  render(history: History): string {
    this.#lines.push(this.#header())
    for (const event of history) this.#show(event)
    return this.#lines.join('\n')
  }

  #header(): string {
    let line = 'step'.padEnd(gutter)
    for (const actor of this.#plan.actors.keys()) {
      line = line.padEnd(this.#offset(actor)) + actorName(actor)
    }
    return line
  }

  #show(event: RunEvent): void {
    switch (event.kind) {
      case 'parked':
        if (event.request.kind !== 'phase') return
        this.#resume(event.actor)
        this.#write(event.actor, '<stops before its first row>')
        return
      case 'shares':
        return
      case 'sent':
        this.#beginCommand(event.actor)
        this.#showCompany(event)
        this.#requests.set(event.actor, event.request)
        this.#write(event.actor, showStep(event.request), String(event.step))
        return
      case 'blocked':
        this.#waiting.add(event.actor)
        this.#write(event.actor, `<waiting for ${event.by.map(actorName).join(', ')}>`)
        return
      case 'unblocked':
        return
      case 'completed':
        this.#resume(event.actor)
        this.#writeAll(event.actor, this.#results(event))
        return
      case 'failed':
        this.#resume(event.actor)
        if (event.transaction === 'failed') this.#failed.add(event.actor)
        this.#write(
          event.actor,
          `→ ${event.error.errorClass} (${event.error.code}): ${event.error.message}`,
        )
        return
      case 'replied':
        this.#beginCommand(event.actor)
        this.#commands.set(event.actor, { index: event.command + 1, shown: false })
        this.#write(event.actor, `= ${describeReply(event.reply)}`)
    }
  }

  /** With whom a statement is sent together, if it is. */
  #showCompany({ actor, step }: Extract<RunEvent, { kind: 'sent' }>): void {
    if (this.#sent?.step !== step) this.#sent = { step, actors: [] }
    else this.#write(actor, `<together with ${this.#sent.actors.map(actorName).join(', ')}>`)
    this.#sent.actors.push(actor)
  }

  #beginCommand(actor: ActorId): void {
    const at = this.#commands.get(actor) ?? { index: 0, shown: false }
    if (at.shown) return
    this.#commands.set(actor, { ...at, shown: true })
    const command = this.#plan.actors[actor]?.[at.index]
    if (command) this.#write(actor, `${this.#workload.describe(command)}:`)
  }

  #resume(actor: ActorId): void {
    if (!this.#waiting.delete(actor)) return
    this.#write(actor, `<... ${firstWord(this.#requests.get(actor))} resumed>`)
  }

  #results(event: Extract<RunEvent, { kind: 'completed' }>): string[] {
    const word = firstWord(this.#requests.get(event.actor))
    if (word === 'COMMIT' && this.#failed.has(event.actor)) {
      this.#failed.delete(event.actor)
      return ['→ rolled back, because a statement before it had failed']
    }
    if (event.transaction !== 'failed') this.#failed.delete(event.actor)
    if (event.rows.length > 0) return showRows(event.rows)
    if (word === 'SELECT') return ['→ no rows']
    if (!['INSERT', 'UPDATE', 'DELETE', 'MERGE', 'WITH'].includes(word)) return []
    return [event.affectedRows > 0 ? `→ ${event.affectedRows} written` : '→ nothing written']
  }

  #writeAll(actor: ActorId, texts: readonly string[]): void {
    for (const text of texts) this.#write(actor, text)
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
  const shown = rows.slice(0, mostRows).map((row) => `→ ${showRow(row)}`)
  const more = rows.length - mostRows
  return more > 0 ? [...shown, `→ … and ${count(more, 'more row')}`] : shown
}
