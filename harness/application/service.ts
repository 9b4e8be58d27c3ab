import { createInterface } from 'node:readline'
import { StrategyFault } from '../errors.ts'
import { Program, type ProgramOptions } from './program.ts'

export interface ServiceOptions extends ProgramOptions {
  /**
   * A line that the service prints, on either output, once it takes requests. What its first group matches
   * is the service's address: `/listening on (\S+)/`.
   */
  readonly ready: RegExp
  /** How long it may take until then, in milliseconds; 15,000 when left out. */
  readonly limitMs?: number
}

/** A service under test: a process of its own, which takes requests. */
export interface Service {
  /** What the first group of `ready` matched; the whole match where it has no group. */
  readonly address: string
  /** The last of what it has printed, on both outputs. */
  readonly output: string
  /** Ends it with whatever it has started. May be called again. */
  stop(): Promise<void>
}

const defaultLimitMs = 15_000

/**
 * Starts a service and waits until it takes requests. Have it listen on 127.0.0.1, and on port 0 so that
 * the system chooses one that is free.
 *
 * It ends at `stop()`, and with this process, however that ends.
 *
 * @throws {StrategyFault} when it cannot be started, ends early, or is not ready in time, with what it has
 *   printed. Nothing is left of it then.
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const program = await Program.start(options)
  try {
    const address = await readiness(program, options)
    return {
      address,
      get output() {
        return program.output
      },
      stop: () => program.stop(),
    }
  } catch (error) {
    await program.stop()
    throw error
  }
}

async function readiness(program: Program, options: ServiceOptions): Promise<string> {
  const { ready, limitMs = defaultLimitMs } = options
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let isOver = false
  // Whole lines only: half an address would match as well.
  const read = (line: string): void => {
    program.keep(`${line}\n`)
    const [whole, group] = (isOver ? undefined : ready.exec(line)) ?? []
    ready.lastIndex = 0
    if (whole !== undefined) resolve(group ?? whole)
  }
  // They go on after it is ready: a service whose output nobody reads would come to a halt.
  for (const input of [program.stdout, program.stderr]) createInterface({ input }).on('line', read)
  void program.ended.then((how) => {
    reject(
      new StrategyFault(`"${program.title}" ${how} before it was ready. ${program.lastWords()}`),
    )
  })
  const timer = setTimeout(() => {
    reject(
      new StrategyFault(
        `"${program.title}" printed no line that matches ${String(ready)} within ${limitMs} ms: have it print its address once it takes requests. ${program.lastWords()}`,
      ),
    )
  }, limitMs)
  try {
    return await promise
  } finally {
    isOver = true
    clearTimeout(timer)
  }
}
