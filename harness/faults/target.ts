import { begins, commitsNothingInside, fromFirstWord, mayBeSeveral } from '../databases/commits.ts'
import type { EngineName } from '../databases/engine-name.ts'
import type { Statement } from '../databases/statement.ts'
import { footprintOf } from '../footprints/footprint-of.ts'
import type { Target } from './fault.ts'

/** A statement as it is sent, and not the rest of one, on a connection that is there. */
export const isStatement = ({ step, session }: Target): boolean =>
  step.kind === 'statement' && !session.isLost

/**
 * Whether it may commit something: nobody can know before it has been sent. Where the text does not say
 * that it does not, it may: a call of a procedure, or of a function outside of a transaction, several
 * statements in one, whatever cannot be parsed. A fault at one that commits nothing harms nobody who
 * can stand the loss of a connection.
 */
export function mayCommit(target: Target): boolean {
  const { step, session, engine } = target
  if (step.kind !== 'statement' || !isStatement(target)) return false
  const text = step.statement.parts.join('?')
  switch (session.transaction) {
    case 'open':
      return !commitsNothingInside(text) && !(engine === 'postgres' && begins(text))
    case 'failed':
      return mayBeSeveral(fromFirstWord(text))
    case 'none':
      return !beginsOrEnds(text) && !onlyReads(step.statement, engine)
  }
}

/** It begins a transaction, or says how the next one is to be, or ends one that is not there. */
function beginsOrEnds(text: string): boolean {
  const statement = fromFirstWord(text)
  return !mayBeSeveral(statement) && control.test(statement)
}

const control =
  /^(?:(?:begin|start|savepoint|release|rollback|abort|commit|end|show)\b|set\b(?!.*\())/is

function onlyReads(statement: Statement, engine: EngineName): boolean {
  const footprint = footprintOf(statement, engine)
  return footprint.kind === 'accesses' && footprint.accesses.every(({ mode }) => mode !== 'write')
}
