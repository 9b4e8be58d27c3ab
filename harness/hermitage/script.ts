import { statement, type Statement } from '../databases/statement.ts'

/** The transactions of a case, T1 to T3, each in a session of its own. */
export type SessionNumber = 1 | 2 | 3

/** Rows of the table `test`: value by id. */
export type Values = Readonly<Record<number, number>>

/** What every case begins with. */
export const initialValues: Values = { 1: 10, 2: 20 }

/** Which rows an action is about. */
export type Where =
  | { readonly kind: 'all' }
  | { readonly kind: 'id'; readonly ids: readonly number[] }
  | { readonly kind: 'value'; readonly value: number }
  | { readonly kind: 'multiple'; readonly divisor: number }

/** What becomes of a row's value. */
export type Change =
  | { readonly kind: 'set'; readonly value: number }
  | { readonly kind: 'add'; readonly value: number }

export type Action =
  | { readonly kind: 'read'; readonly where: Where }
  | { readonly kind: 'write'; readonly where: Where; readonly change: Change }
  | { readonly kind: 'delete'; readonly where: Where }
  | { readonly kind: 'insert'; readonly id: number; readonly value: number }
  | { readonly kind: 'commit' }
  | { readonly kind: 'abort' }

/** One statement of one transaction. Where it stands in the script is where it is sent, if it can be. */
export interface ScriptStep {
  readonly session: SessionNumber
  readonly action: Action
}

export const all: Where = { kind: 'all' }
export const id = (...ids: number[]): Where => ({ kind: 'id', ids })
export const valueIs = (value: number): Where => ({ kind: 'value', value })
export const multipleOf = (divisor: number): Where => ({ kind: 'multiple', divisor })

/** Writes the steps of one transaction. */
function transaction(session: SessionNumber) {
  const step = (action: Action): ScriptStep => ({ session, action })
  return {
    read: (where: Where) => step({ kind: 'read', where }),
    set: (where: Where, value: number) =>
      step({ kind: 'write', where, change: { kind: 'set', value } }),
    add: (where: Where, value: number) =>
      step({ kind: 'write', where, change: { kind: 'add', value } }),
    delete: (where: Where) => step({ kind: 'delete', where }),
    insert: (key: number, value: number) => step({ kind: 'insert', id: key, value }),
    commit: step({ kind: 'commit' }),
    abort: step({ kind: 'abort' }),
  } as const
}

export const t1 = transaction(1)
export const t2 = transaction(2)
export const t3 = transaction(3)

export const endsTransaction = ({ action }: ScriptStep): boolean =>
  action.kind === 'commit' || action.kind === 'abort'

/** One object for each text, however often it is sent: drivers prepare by it. */
const statements = new Map<string, Statement>()

export function toStatement(action: Action): Statement {
  const text = toSql(action)
  const known = statements.get(text)
  if (known) return known
  const made = statement([text])
  statements.set(text, made)
  return made
}

export function toSql(action: Action): string {
  switch (action.kind) {
    case 'read':
      return `SELECT * FROM test${whereSql(action.where)}`
    case 'write': {
      const { kind, value } = action.change
      const changed = kind === 'set' ? value : `value + ${value}`
      return `UPDATE test SET value = ${changed}${whereSql(action.where)}`
    }
    case 'delete':
      return `DELETE FROM test${whereSql(action.where)}`
    case 'insert':
      return `INSERT INTO test (id, value) VALUES (${action.id}, ${action.value})`
    case 'commit':
      return 'COMMIT'
    case 'abort':
      return 'ROLLBACK'
  }
}

function whereSql(where: Where): string {
  switch (where.kind) {
    case 'all':
      return ''
    case 'id':
      return where.ids.length === 1
        ? ` WHERE id = ${where.ids[0]}`
        : ` WHERE id IN (${where.ids.join(', ')})`
    case 'value':
      return ` WHERE value = ${where.value}`
    case 'multiple':
      return ` WHERE value % ${where.divisor} = 0`
  }
}

/**
 * A step as the literature writes it: `w2[1=12]` is T2's write of 12 into row 1, `r1[value%3=0]` T1's
 * read of a predicate, `c1` T1's commit.
 * Source: the notation of Adya, "Weak Consistency", 1999, chapter 3, with what is written in brackets.
 */
export function notation({ session, action }: ScriptStep): string {
  switch (action.kind) {
    case 'read':
      return `r${session}[${whereNotation(action.where)}]`
    case 'write': {
      const { kind, value } = action.change
      const where = whereNotation(action.where)
      if (kind === 'add') return `w${session}[${where}+=${value}]`
      return action.where.kind === 'id'
        ? `w${session}[${where}=${value}]`
        : `w${session}[${where}: ${value}]`
    }
    case 'delete':
      return `d${session}[${whereNotation(action.where)}]`
    case 'insert':
      return `i${session}(${action.id},${action.value})`
    case 'commit':
      return `c${session}`
    case 'abort':
      return `a${session}`
  }
}

function whereNotation(where: Where): string {
  switch (where.kind) {
    case 'all':
      return '*'
    case 'id':
      return where.ids.join()
    case 'value':
      return `value=${where.value}`
    case 'multiple':
      return `value%${where.divisor}=0`
  }
}

/** The notation of every step; what stands there a second time is `r2[*]#2`, so that each is named. */
export function labelsOf(script: readonly ScriptStep[]): string[] {
  const times = new Map<string, number>()
  return script.map((step) => {
    const name = notation(step)
    const time = (times.get(name) ?? 0) + 1
    times.set(name, time)
    return time === 1 ? name : `${name}#${time}`
  })
}

/** Rows as `(1,10) (2,20)`. */
export function showValues(values: Values): string {
  const shown = Object.entries(values).map(([key, value]) => `(${key},${value})`)
  return shown.length === 0 ? 'no row' : shown.join(' ')
}
