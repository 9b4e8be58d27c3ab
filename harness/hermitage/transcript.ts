import type { Row } from '../databases/statement.ts'
import type { ActorId } from '../history.ts'
import { describeStep } from '../session.ts'
import type { CaseRun } from './case-run.ts'
import { showValues } from './script.ts'

/** One line of a transcript: whose it is, what was sent, and what came of it. */
export interface TranscriptLine {
  readonly session: string
  readonly statement: string
  /** Empty for what returns nothing, such as COMMIT. */
  readonly result: string
}

/**
 * A run in the order in which things happened. What waits says `(waits)`, as PostgreSQL's isolation
 * tester does, and has a second line where it goes on.
 */
export function transcriptOf({ history }: CaseRun): TranscriptLine[] {
  const lines: TranscriptLine[] = []
  const sent = new Map<ActorId, string>()
  const waiting = new Set<ActorId>()
  const write = (actor: ActorId, result: string): void => {
    const statement = sent.get(actor) ?? ''
    const isResumed = waiting.delete(actor)
    lines.push({
      session: `T${actor + 1}`,
      statement: isResumed ? `... ${statement}` : statement,
      result,
    })
  }
  for (const event of history) {
    const { actor } = event
    if (event.kind === 'sent') sent.set(actor, describeStep(event.request))
    if (event.kind === 'blocked' && !waiting.has(actor)) {
      write(actor, '(waits)')
      waiting.add(actor)
    }
    if (event.kind === 'completed') write(actor, resultOf(sent.get(actor) ?? '', event))
    if (event.kind === 'failed') write(actor, `error ${event.error.code}: ${event.error.message}`)
  }
  return lines
}

function resultOf(
  statement: string,
  { rows, affectedRows }: { readonly rows: readonly Row[]; readonly affectedRows: number },
): string {
  if (statement.startsWith('SELECT')) {
    return showValues(Object.fromEntries(rows.map(({ id, value }) => [Number(id), Number(value)])))
  }
  const isWrite = /^(INSERT|UPDATE|DELETE)/.test(statement)
  return isWrite ? `${affectedRows} ${affectedRows === 1 ? 'row' : 'rows'}` : ''
}
