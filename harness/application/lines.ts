import { createInterface } from 'node:readline'
import { StrategyFault } from '../errors.ts'
import { Program, type ProgramOptions } from './program.ts'

/** A program under test that is asked on its standard input, and answers on its standard output. */
export interface Lines {
  /**
   * Asks one question, which is any value that JSON can say, and resolves with the answer.
   *
   * @throws {Error} what the program answered with `error`: with its `message`, and all its other members,
   *   such as `code`
   * @throws {StrategyFault} when the program ends without an answer, or prints what is none
   */
  ask<Answer = unknown>(question: unknown): Promise<Answer>
  /** The last of what it has written to its standard error. */
  readonly output: string
  /** Ends it with whatever it has started. May be called again. */
  stop(): Promise<void>
}

/**
 * Starts a program, in whatever language, that reads one question a line and writes one answer a line:
 *
 * ```text
 * {"id":1,"ask":{"kind":"redeem","userId":1,"code":"C1"}}
 * {"id":1,"answer":{"kind":"ok"}}
 * ```
 *
 * An answer has the number of its question, so that several can be under way at once and be answered in any
 * order. A question that failed is answered with `{"id":1,"error":{"message":"…","code":"40P01"}}`. Anything
 * else that the program has to say belongs on its standard error.
 *
 * It ends at `stop()`, and with this process, however that ends.
 *
 * @throws {StrategyFault} when it cannot be started
 */
export async function startLines(options: ProgramOptions): Promise<Lines> {
  return new Asking(await Program.start(options))
}

interface Question {
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: Error) => void
}

class Asking implements Lines {
  readonly #program: Program
  readonly #open = new Map<number, Question>()
  #last = 0
  /** Why there is no point in asking any more. */
  #over: StrategyFault | undefined

  constructor(program: Program) {
    this.#program = program
    program.stderr.setEncoding('utf8').on('data', (text: string) => program.keep(text))
    createInterface({ input: program.stdout }).on('line', (line) => this.#read(line))
    void program.ended.then((how) => this.#end(`"${program.title}" ${how} without an answer.`))
  }

  get output(): string {
    return this.#program.output
  }

  ask<Answer>(question: unknown): Promise<Answer> {
    if (this.#over) return Promise.reject(this.#over)
    const id = ++this.#last
    return new Promise((resolve, reject) => {
      this.#open.set(id, { resolve: resolve as (answer: unknown) => void, reject })
      this.#program.stdin.write(`${JSON.stringify({ id, ask: question })}\n`)
    })
  }

  stop(): Promise<void> {
    this.#over ??= new StrategyFault(`"${this.#program.title}" was asked after it was stopped.`)
    return this.#program.stop()
  }

  #read(line: string): void {
    const answer = parseAnswer(line)
    const question = answer && this.#open.get(answer.id)
    if (!question) {
      const wanted = `each line has to be an answer, as {"id":1,"answer":…} is to {"id":1,"ask":…}; what else it has to say belongs on its standard error`
      return this.#end(`"${this.#program.title}" printed ${JSON.stringify(line)}: ${wanted}.`)
    }
    this.#open.delete(answer.id)
    if (answer.error) question.reject(saidBy(answer.error))
    else question.resolve(answer.answer)
  }

  #end(reason: string): void {
    this.#over ??= new StrategyFault(`${reason} ${this.#program.lastWords()}`)
    for (const { reject } of this.#open.values()) reject(this.#over)
    this.#open.clear()
  }
}

interface AnswerLine {
  readonly id: number
  readonly answer?: unknown
  readonly error?: { readonly message: string }
}

function parseAnswer(line: string): AnswerLine | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const { id, error, ...rest } = value as Record<string, unknown>
  if (typeof id !== 'number' || !('answer' in rest || isComplaint(error))) return undefined
  return { id, ...rest, ...(isComplaint(error) && { error }) }
}

/** It was not thrown here, so no place is named. */
const saidBy = (complaint: { readonly message: string }): Error =>
  Object.assign(new Error(), { stack: `Error: ${complaint.message}` }, complaint)

const isComplaint = (value: unknown): value is { message: string } =>
  typeof value === 'object' &&
  value !== null &&
  'message' in value &&
  typeof value.message === 'string'
