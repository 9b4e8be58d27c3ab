import {
  actorName,
  isDatabaseError,
  type History,
  type Reply,
  type RunEvent,
  type Session,
  type Strategy,
} from '../harness/index.ts'

/** What an actor is seen to do by itself: it asks for a step, or notes something. */
type Deed = Extract<RunEvent, { readonly kind: 'parked' | 'noted' }>

/** What an application was seen to do about one command, in order, and what it said came of it. */
interface Script {
  readonly deeds: readonly Deed[]
  readonly reply: Reply
}

/**
 * A strategy that does what an application was seen to do in a run: for each command it sends the same
 * statements, over sessions of Lockstep's own and with no proxy in between, and gives the same reply. It
 * knows no reason for any of it, so it goes on when a statement is refused.
 *
 * The texts and parameters are those of the history, which is what the proxy has read on the wire, and nothing
 * is done to them. On the wire they may look otherwise than the application's: `$1` of PostgreSQL is numbered by
 * its place, what the library has written into the text stays there, and a number is sent in the form in which
 * Lockstep sends its own. If that came to something else, or if the proxy had misread it, the answers would
 * differ.
 *
 * @param history of a run in grain `statement` with no faults
 */
export function twinOf(application: Strategy, history: History): Strategy {
  const { name, summary, workload, claims, schema, engines } = application
  const scripts = scriptsIn(history)
  return {
    name,
    summary,
    workload,
    claims,
    schema,
    engines,
    connections: connectionsIn(name, history),
    handler: () => async (session) => {
      const script = scripts.get(session.requestId)
      if (!script) throw new Error(`Command ${session.requestId} is not in the history.`)
      for (const deed of script.deeds) await follow(session, deed)
      return script.reply
    },
  }
}

/** By the `requestId` of each command. */
function scriptsIn(history: History): ReadonlyMap<string, Script> {
  const scripts = new Map<string, Script>()
  for (const [actor, events = []] of Map.groupBy(history, (event) => event.actor)) {
    let deeds: Deed[] = []
    for (const event of events) {
      if (event.kind === 'parked' || event.kind === 'noted') deeds.push(event)
      if (event.kind !== 'replied') continue
      scripts.set(`${actorName(actor)}${event.command + 1}`, { deeds, reply: event.reply })
      deeds = []
    }
  }
  return scripts
}

function connectionsIn(name: string, history: History): Strategy['connections'] {
  const last = Math.max(
    0,
    ...history.map((event) =>
      event.kind === 'parked' && event.request.kind === 'statement'
        ? (event.request.connection ?? 0)
        : 0,
    ),
  )
  if (last <= 1) return last === 1 ? 2 : 1
  throw new Error(
    `"${name}" uses ${last + 1} connections at the same time, and a strategy has two at most: it cannot be compared.`,
  )
}

async function follow(session: Session, deed: Deed): Promise<void> {
  if (deed.kind === 'noted') {
    session.note(deed.text)
    return
  }
  const { request } = deed
  if (request.kind === 'sleep') {
    await session.sleep(request.ms)
    return
  }
  const { parts, params } = request.statement
  const { sql } = request.connection === undefined ? session : session.second
  try {
    // Templates are known by what they are; of what else they have, nothing is read.
    await sql(parts as unknown as TemplateStringsArray, ...params)
  } catch (error) {
    if (!isDatabaseError(error)) throw error
  }
}
