import type { ErrorClass } from '../databases/database-error.ts'
import type { ActorSession, StatementOutcome } from '../databases/engine.ts'
import type { Statement } from '../databases/statement.ts'
import type { StatementWitness } from '../application/desk.ts'

const beginning = /^\s*(begin|start\s+transaction)\b/i
const rollback = /^\s*rollback\b(?!\s+to\b)/i

/** Refusals that say something about the data, and nothing about another transaction. */
const aboutData: ReadonlySet<ErrorClass> = new Set(['unique violation', 'check violation'])

/** What all commands took beside themselves. */
export class Effort {
  statements = 0
  /**
   * Transactions begun by a command after the database had refused it something, or after it had rolled
   * back; and statements outside transactions, sent again after they were refused. What makes up for an
   * attempt that failed counts too.
   */
  retries = 0
  /** Statements that the database refused for the sake of another transaction, or for no known reason. */
  aborts = 0

  /** Watches one command. */
  watch(): StatementWitness {
    let hasFailed = false
    const refused = new Set<readonly string[]>()
    return {
      sent: ({ parts }: Statement, session: ActorSession): void => {
        this.statements += 1
        const [text = ''] = parts
        const isAgain = session.transaction === 'none' && refused.has(parts)
        if (isAgain || (hasFailed && beginning.test(text))) this.retries += 1
      },
      answered: ({ parts }: Statement, outcome: StatementOutcome): void => {
        if (rollback.test(parts[0] ?? '')) hasFailed = true
        if (outcome.ok) return
        hasFailed = true
        refused.add(parts)
        if (!aboutData.has(outcome.error.errorClass)) this.aborts += 1
      },
    }
  }
}
