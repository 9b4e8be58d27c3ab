import { UsageError } from '../errors.ts'
import { faultTypes, describeFault } from '../faults/index.ts'
import { actorName, type ActorId, type History, type RunEvent } from '../history.ts'
import { statement, type Statement } from '../databases/statement.ts'
import type { Step } from '../session.ts'

/** A statement of a specification. */
export interface SentStep {
  readonly session: string
  readonly name: string
  readonly statement: Statement
  /** Whether the database ended a deadlock by refusing it. */
  readonly isVictim: boolean
  /** What a specification cannot say, for its readers. */
  readonly remark?: string
}

/**
 * The statements that reached the server, in the order in which they were sent. Where a fault has ended
 * a session, or its client has closed it, a ROLLBACK stands for what the server did then.
 *
 * @throws {UsageError} when a specification cannot say what happened.
 */
export function sentSteps(history: History): SentStep[] {
  const collected = new SentSteps(history)
  for (const event of history) collected.follow(event)
  return collected.steps
}

const rollback = statement(['ROLLBACK'])

class SentSteps {
  readonly steps: SentStep[] = []
  readonly #history: History
  readonly #counts = new Map<ActorId, number>()
  readonly #numbers = new Set<number>()
  /** What each actor is at. */
  readonly #requests = new Map<ActorId, Step>()
  /** Sessions with a transaction open. */
  readonly #inside = new Set<string>()

  constructor(history: History) {
    this.#history = history
  }

  follow(event: RunEvent): void {
    const { actor } = event
    if (event.kind === 'parked') this.#requests.set(actor, event.request)
    if (event.kind === 'fault') this.#strike(event)
    if (event.kind === 'disconnected') this.#disconnect(event)
    if (event.kind === 'sent') this.#send(event)
    if (event.kind === 'completed' || event.kind === 'failed') {
      const session = sessionOf(actor, this.#requests.get(actor))
      if (event.transaction === 'none') this.#inside.delete(session)
      else this.#inside.add(session)
    }
  }

  #send({ actor, step, request }: Extract<RunEvent, { kind: 'sent' }>): void {
    if (request.kind === 'sleep') return
    if (request.kind === 'phase') throw inexpressible('a stop inside a statement')
    if (this.#numbers.has(step)) throw inexpressible('statements that are sent together')
    this.#numbers.add(step)
    const own = this.#history.filter((each) => each.actor === actor && 'step' in each)
    const after = own.filter((each) => 'step' in each && each.step === step)
    const lost = after.find((each) => each.kind === 'fault' && each.wasDone === true)
    const failed = after.find((each) => each.kind === 'failed')
    if (!lost && failed?.error.errorClass === 'connection lost') return // the server never saw it
    this.#add(actor, sessionOf(actor, request), request.statement, {
      isVictim: failed?.error.errorClass === 'deadlock',
      ...(lost?.kind === 'fault' && { remark: `fault: ${describeFault(lost)}` }),
    })
  }

  #strike({ actor, fault }: Extract<RunEvent, { kind: 'fault' }>): void {
    const type = faultTypes[fault]
    if (type.moment === 'before') {
      // Of those who wait, it cannot say that their statements fail now.
      if (type.ends === 'server') throw inexpressible(`a fault (${type.title})`, 'without --faults')
      const session = sessionOf(actor, this.#requests.get(actor))
      const others = [...this.#inside].filter((each) => each.startsWith(actorName(actor)))
      for (const each of type.ends === 'program' ? others : [session]) {
        if (!this.#inside.delete(each)) continue
        const remark = `fault: ${type.title}; the server rolls back`
        this.#add(actor, each, rollback, { isVictim: false, remark })
      }
    } else if (fault !== 'answer-lost') {
      throw inexpressible(`a fault (${type.title})`, 'without --faults')
    }
  }

  #disconnect({ actor, connection = 0 }: Extract<RunEvent, { kind: 'disconnected' }>): void {
    const session = sessionAt(actor, connection)
    if (!this.#inside.delete(session)) return
    const remark = 'its connection is closed; the server rolls back'
    this.#add(actor, session, rollback, { isVictim: false, remark })
  }

  #add(
    actor: ActorId,
    session: string,
    of: Statement,
    more: Pick<SentStep, 'isVictim' | 'remark'>,
  ): void {
    const count = (this.#counts.get(actor) ?? 0) + 1
    this.#counts.set(actor, count)
    const name = `${actorName(actor).toLowerCase()}${count}`
    this.steps.push({ session, name, statement: of, ...more })
  }
}

const sessionOf = (actor: ActorId, request: Step | undefined): string =>
  sessionAt(actor, request && 'connection' in request ? (request.connection ?? 0) : 0)

const sessionAt = (actor: ActorId, connection: number): string =>
  actorName(actor) + (connection > 0 ? `${connection + 1}` : '')

const inexpressible = (what: string, how = 'with --grain statement'): UsageError =>
  new UsageError(
    `The counterexample has ${what}, which a specification of PostgreSQL's isolation tester cannot say: replay its token instead, or look for one ${how}.`,
  )
