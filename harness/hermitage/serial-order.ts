import { hasCommitted, type CaseRun, type PerformedStep } from './case-run.ts'
import {
  endsTransaction,
  initialValues,
  type Action,
  type SessionNumber,
  type Values,
  type Where,
} from './script.ts'

/**
 * An order in which the committed transactions could have run one after the other, with the same reads
 * and the same rows in the end; undefined when there is none. It knows nothing of anomalies, so it is
 * a second opinion: a run that shows one of them has no such order, and at a level that is
 * serializable every run has one.
 * Source: Papadimitriou, "The Serializability of Concurrent Database Updates", 1979: view
 * serializability, with the final state in the place of a last reader.
 */
export function serialOrder(run: CaseRun): readonly SessionNumber[] | undefined {
  const committed = ([1, 2, 3] as const).filter((session) => hasCommitted(run, session))
  return permutations(committed).find((order) => explains(run, order))
}

function explains(run: CaseRun, order: readonly SessionNumber[]): boolean {
  let values = initialValues
  for (const session of order) {
    for (const { action, outcome } of insideTransaction(run, session)) {
      const seen = outcome.kind === 'rows' ? outcome.rows : undefined
      if (seen && !sameValues(seen, read(values, action))) return false
      values = apply(values, action)
    }
  }
  return sameValues(values, run.final)
}

/** The steps up to the end of the session's transaction; what follows is outside of it. */
function insideTransaction(run: CaseRun, session: SessionNumber): PerformedStep[] {
  const own = run.steps.filter((step) => step.session === session)
  return own.slice(0, own.findIndex(endsTransaction))
}

export const sameValues = (one: Values, other: Values): boolean =>
  Object.keys(one).length === Object.keys(other).length &&
  Object.entries(one).every(([key, value]) => other[Number(key)] === value)

const read = (values: Values, action: Action): Values =>
  action.kind === 'read' ? matching(values, action.where) : values

/** What an action makes of the rows when it is alone. */
function apply(values: Values, action: Action): Values {
  switch (action.kind) {
    case 'insert':
      return { ...values, [action.id]: action.value }
    case 'delete': {
      const gone = matching(values, action.where)
      return fromEntries(entries(values).filter(([key]) => !(key in gone)))
    }
    case 'write': {
      const { kind, value } = action.change
      const written = entries(matching(values, action.where)).map(
        ([key, before]) => [key, kind === 'set' ? value : before + value] as const,
      )
      return { ...values, ...fromEntries(written) }
    }
    case 'read':
    case 'commit':
    case 'abort':
      return values
  }
}

const matching = (values: Values, where: Where): Values =>
  fromEntries(entries(values).filter(([key, value]) => matches(where, key, value)))

function matches(where: Where, key: number, value: number): boolean {
  switch (where.kind) {
    case 'all':
      return true
    case 'id':
      return where.ids.includes(key)
    case 'value':
      return value === where.value
    case 'multiple':
      return value % where.divisor === 0
  }
}

const entries = (values: Values): [key: number, value: number][] =>
  Object.entries(values).map(([key, value]) => [Number(key), value])

const fromEntries = (each: readonly (readonly [number, number])[]): Values =>
  Object.fromEntries(each)

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]]
  return items.flatMap((item, index) =>
    permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]),
  )
}
