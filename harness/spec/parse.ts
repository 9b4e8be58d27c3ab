import { scan, syntaxError, type Keyword, type Token } from './scan.ts'
import type { Blocker, Permutation, PermutationStep, Spec, SpecSession, SpecStep } from './spec.ts'

/**
 * Reads a specification of PostgreSQL's isolation tester.
 * Source: PostgreSQL, src/test/isolation/specparse.y and `check_testspec` in isolationtester.c.
 *
 * @throws {UsageError} with the line, where it is none.
 */
export const parseSpec = (text: string): Spec => new Parser(scan(text)).spec()

/** A blocker before the step it names is known. */
type WrittenBlocker =
  | { readonly kind: 'once' }
  | { readonly kind: 'step' | 'notices'; readonly name: Token; readonly count: number }

interface WrittenStep {
  readonly name: Token
  readonly blockers: readonly WrittenBlocker[]
}

class Parser {
  readonly #tokens: readonly Token[]
  #at = 0
  readonly #steps = new Map<string, SpecStep>()

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  spec(): Spec {
    const setups: string[] = []
    for (let setup = this.#block('setup'); setup !== undefined; setup = this.#block('setup')) {
      setups.push(setup)
    }
    const teardown = this.#block('teardown')
    const sessions: SpecSession[] = []
    while (this.#accept('session')) sessions.push(this.#session(sessions.length))
    if (sessions.length === 0) throw this.#unexpected('a session')
    const permutations: Permutation[] = []
    while (this.#accept('permutation')) permutations.push(this.#permutation())
    if (this.#next.kind !== 'end') throw this.#unexpected(this.#whatMayFollow(permutations))
    return {
      setups,
      teardown,
      sessions,
      permutations: permutations.length === 0 ? undefined : permutations,
      warnings: this.#unused(permutations),
    }
  }

  #whatMayFollow(permutations: readonly Permutation[]): string {
    return permutations.length === 0
      ? 'a step, a session, a permutation or the end'
      : 'a permutation or the end'
  }

  #session(index: number): SpecSession {
    const name = this.#identifier('the name of the session').text
    const setup = this.#block('setup')
    const steps: SpecStep[] = []
    while (this.#accept('step')) steps.push(this.#step(index))
    if (steps.length === 0) throw this.#unexpected(`a step of session "${name}"`)
    return { name, setup, steps, teardown: this.#block('teardown') }
  }

  #step(session: number): SpecStep {
    const name = this.#identifier('the name of the step')
    if (this.#steps.has(name.text)) {
      throw syntaxError(name.line, `there is a step "${name.text}" already`)
    }
    const step = { name: name.text, sql: this.#sql(`step "${name.text}"`), session }
    this.#steps.set(step.name, step)
    return step
  }

  #permutation(): Permutation {
    const written = [this.#writtenStep()]
    while (this.#next.kind === 'identifier') written.push(this.#writtenStep())
    const steps = written.map(({ name }) => {
      const step = this.#steps.get(name.text)
      if (step) return step
      throw syntaxError(name.line, `the permutation names step "${name.text}", which there is not`)
    })
    return written.map(({ blockers }, index): PermutationStep => {
      const step = steps[index] as SpecStep
      return { step, blockers: blockers.map((blocker) => linked(blocker, step, steps)) }
    })
  }

  #writtenStep(): WrittenStep {
    const name = this.#identifier('the name of a step')
    if (!this.#acceptSign('(')) return { name, blockers: [] }
    const blockers = [this.#blocker()]
    while (this.#acceptSign(',')) blockers.push(this.#blocker())
    if (!this.#acceptSign(')')) throw this.#unexpected('"," or ")"')
    return { name, blockers }
  }

  #blocker(): WrittenBlocker {
    if (this.#acceptSign('*')) return { kind: 'once' }
    const name = this.#identifier('"*" or the name of a step')
    if (!this.#accept('notices')) return { kind: 'step', name, count: 0 }
    if (this.#next.kind !== 'number') throw this.#unexpected('a number of notices')
    return { kind: 'notices', name, count: Number(this.#advance().text) }
  }

  /** Steps that no permutation has, in the order of their names. */
  #unused(permutations: readonly Permutation[]): string[] {
    if (permutations.length === 0) return []
    const used = new Set(permutations.flat().map(({ step }) => step.name))
    const names = [...this.#steps.keys()].filter((name) => !used.has(name))
    return names.toSorted(byBytes).map((name) => `unused step name: ${name}`)
  }

  #block(keyword: Keyword): string | undefined {
    return this.#accept(keyword) ? this.#sql(keyword) : undefined
  }

  #sql(of: string): string {
    if (this.#next.kind !== 'sql') throw this.#unexpected(`the SQL of ${of} in braces`)
    return this.#advance().text
  }

  #identifier(what: string): Token {
    if (this.#next.kind !== 'identifier') throw this.#unexpected(what)
    return this.#advance()
  }

  #accept(keyword: Keyword): boolean {
    const { kind, text } = this.#next
    if (kind !== 'keyword' || text !== keyword) return false
    this.#advance()
    return true
  }

  #acceptSign(sign: string): boolean {
    const { kind, text } = this.#next
    if (kind !== 'punctuation' || text !== sign) return false
    this.#advance()
    return true
  }

  get #next(): Token {
    return this.#tokens[this.#at] as Token // the last one is the end, which is never passed
  }

  #advance(): Token {
    const token = this.#next
    this.#at += 1
    return token
  }

  #unexpected(wanted: string): Error {
    const { kind, text, line } = this.#next
    const found = kind === 'end' ? 'the end' : kind === 'sql' ? 'a block of SQL' : `"${text}"`
    return syntaxError(line, `${wanted} was expected, and not ${found}`)
  }
}

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

function linked(written: WrittenBlocker, step: SpecStep, steps: readonly SpecStep[]): Blocker {
  if (written.kind === 'once') return written
  const { kind, name, count } = written
  const other = steps.find((each) => each.name === name.text)
  if (!other) {
    throw syntaxError(
      name.line,
      `step "${step.name}" waits for step "${name.text}", which is not in its permutation`,
    )
  }
  if (other.session === step.session) {
    throw syntaxError(name.line, `step "${step.name}" cannot wait for its own session`)
  }
  return kind === 'step' ? { kind, step: other } : { kind, step: other, count }
}
