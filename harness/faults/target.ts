import { showStatement } from '../databases/statement.ts'
import type { Target } from './fault.ts'

/** A statement as it is sent, and not the rest of one, on a connection that is there. */
export const isStatement = ({ step, session }: Target): boolean =>
  step.kind === 'statement' && !session.isLost

/** What a transaction of its own would commit nothing of. */
const commitsNothing =
  /^\s*(select|values|table|show|begin|start|set|savepoint|release|rollback|abort)\b/i
const commits = /^\s*(commit|end)\b/i

/** Whether it may commit something, by its text: nobody can know before it has been sent. */
export function mayCommit(target: Target): boolean {
  const { step, session } = target
  if (step.kind !== 'statement' || !isStatement(target)) return false
  const text = showStatement(step.statement)
  if (session.transaction === 'open') return commits.test(text)
  return session.transaction === 'none' && !commits.test(text) && !commitsNothing.test(text)
}
