import { availableParallelism } from 'node:os'
import { SpecConnections } from '../databases/engines/postgres/spec-connections.ts'
import type { DatabaseServer } from '../databases/server.ts'
import { isConfined } from './confinement.ts'
import { Habits } from './habits.ts'
import { keepingOf } from './keeping.ts'
import { countPermutations, permutationsOf } from './permutations.ts'
import { runPermutation, SpecEnded, type Stream, type Write } from './run-permutation.ts'
import type { Permutation, Spec } from './spec.ts'
import { Stage } from './stage.ts'
import { lines } from './transcript.ts'

/** What running a specification needs: see {@link runSpec}. */
export interface SpecRunOptions {
  /** A PostgreSQL. */
  readonly server: DatabaseServer
  readonly spec: Spec
  /** What sessions are called after, in `application_name`: the file's name without its ending. */
  readonly name: string
  /** Numbers of the permutations to run, from 1; by default all. */
  readonly only?: readonly number[] | undefined
  /** How long a step may take before it is cancelled; by default as the tool, 360 s. */
  readonly stepLimitMs?: number | undefined
  /**
   * Most permutations to run side by side, each in a schema of its own. More than one are only run
   * where that makes no difference: see `isConfined`.
   */
  readonly lanes?: number | undefined
  /**
   * Whether to have setup and teardown run for every permutation, even where tables could be used again
   * without a difference: see `Keeping`.
   */
  readonly remake?: boolean | undefined
  readonly signal?: AbortSignal | undefined
  /** Takes the transcript, piece by piece, in its order. */
  readonly write: Write
  /** Called after every permutation. */
  readonly onPermutation?: ((record: PermutationRecord) => void) | undefined
}

/** One permutation that was run. */
export interface PermutationRecord {
  /** From 1, in the order of the specification. */
  readonly number: number
  readonly steps: readonly string[]
  /** What was written about it. */
  readonly transcript: string
  /** Names of steps that took too long and were cancelled. */
  readonly cancelled: readonly string[]
}

/** What came of running a specification. */
export interface SpecReport {
  readonly permutations: number
  /** How many there are, of which some may not have been run. */
  readonly of: number
  /** Steps that took too long and were cancelled. */
  readonly cancelled: number
  /** Why the run ended before its end. */
  readonly ended: 'interrupted' | { readonly reason: string } | undefined
}

/** How long a step may take before it is cancelled, in milliseconds: as in PostgreSQL's own tester. */
export const defaultStepLimitMs = 360_000

/** More of them share the same cores, and each costs as much to open as some thirty permutations. */
const defaultLanes = availableParallelism()
/** Fewer permutations than this are done before further connections have been opened. */
const fewestPerLane = 8

/**
 * Runs a specification of PostgreSQL's isolation tester and writes what the tool would print.
 *
 * Everything happens in a database of its own, which goes at the end.
 *
 * @throws {DatabaseFault} when the server is lost.
 */
export const runSpec = (options: SpecRunOptions): Promise<SpecReport> => new SpecRun(options).run()

/** A permutation whose turn to be written may not have come. */
interface Pending {
  readonly number: number
  readonly permutation: Permutation
  readonly pieces: (readonly [Stream, string])[]
  end: { readonly cancelled: readonly string[] } | { readonly error: unknown } | undefined
}

class SpecRun {
  readonly #options: SpecRunOptions
  readonly #isConfined: boolean
  readonly #habits: Habits
  readonly #permutations: Iterator<readonly [number, Permutation], void>
  /** In their order; what the first one says is written at once. */
  readonly #pending: Pending[] = []
  readonly #report = { permutations: 0, of: 0, cancelled: 0 }
  /** One has failed: those before it are still written, and none is begun. */
  #hasFailed = false
  #isOver = false

  constructor(options: SpecRunOptions) {
    this.#options = options
    this.#isConfined = isConfined(options.spec)
    this.#habits = new Habits(options.spec, this.#isConfined)
    this.#permutations = numbered(options.spec, options.only)
    this.#report.of = countPermutations(options.spec)
  }

  async run(): Promise<SpecReport> {
    const { spec, signal, write } = this.#options
    for (const warning of spec.warnings) write('err', `${warning}\n`)
    write('out', lines.parsed(spec))
    const connections = await this.#open()
    try {
      await unlessAborted(signal, this.#runLanes(connections))
      return { ...this.#report, ended: signal?.aborted ? 'interrupted' : undefined }
    } catch (error) {
      if (!(error instanceof SpecEnded)) throw error
      return { ...this.#report, ended: { reason: error.message } }
    } finally {
      this.#isOver = true
      await connections.close()
    }
  }

  #open(): Promise<SpecConnections> {
    const { server, name, spec } = this.#options
    return SpecConnections.open(
      server,
      name,
      spec.sessions.map((session) => session.name),
    )
  }

  async #runLanes(first: SpecConnections): Promise<void> {
    await this.#runNext(first, new Stage(first, undefined))
    // What a permutation leaves behind, the next one in the same database finds.
    const isRepeatable = this.#isConfined && (await first.isEmpty())
    const keeping =
      isRepeatable && !this.#options.remake ? keepingOf(this.#options.spec) : undefined
    const runAll = async (connections: SpecConnections): Promise<void> => {
      const stage = new Stage(connections, keeping)
      while (await this.#runNext(connections, stage));
    }
    const length = isRepeatable ? this.#furtherLanes() : 0
    const others = Array.from({ length }, async () => runAll(await first.another()))
    await Promise.all([runAll(first), ...others])
  }

  /** How many lanes besides the first one are of use. */
  #furtherLanes(): number {
    const { only, lanes = defaultLanes } = this.#options
    const left = (only?.length ?? this.#report.of) - 1
    return Math.max(0, Math.min(lanes, Math.floor(left / fewestPerLane)) - 1)
  }

  /** Runs the next permutation, if there is one. */
  async #runNext(connections: SpecConnections, stage: Stage): Promise<boolean> {
    if (this.#isOver || this.#hasFailed || this.#options.signal?.aborted) return false
    const next = this.#permutations.next()
    if (next.done) return false
    const [number, permutation] = next.value
    const pending: Pending = { number, permutation, pieces: [], end: undefined }
    this.#pending.push(pending)
    const { spec, stepLimitMs = defaultStepLimitMs } = this.#options
    const habits = this.#habits
    const write: Write = (stream, text) => this.#take(pending, stream, text)
    try {
      pending.end = await runPermutation(
        { spec, connections, habits, stage, stepLimitMs, write },
        permutation,
      )
    } catch (error) {
      pending.end = { error }
      this.#hasFailed = true
    }
    this.#settle()
    return true
  }

  /** What is still under way when all is over has nothing to say any more. */
  #take(pending: Pending, stream: Stream, text: string): void {
    if (this.#isOver || this.#options.signal?.aborted) return
    pending.pieces.push([stream, text])
    if (pending === this.#pending[0]) this.#options.write(stream, text)
  }

  /** Writes about those whose turn has come. */
  #settle(): void {
    for (let head = this.#pending[0]; head?.end && !this.#isOver; head = this.#pending[0]) {
      if ('error' in head.end) {
        this.#isOver = true
        throw head.end.error
      }
      this.#finish(head, head.end.cancelled)
      this.#pending.shift()
      for (const [stream, text] of this.#pending[0]?.pieces ?? []) this.#options.write(stream, text)
    }
  }

  #finish({ number, permutation, pieces }: Pending, cancelled: readonly string[]): void {
    if (this.#options.signal?.aborted) return
    this.#report.permutations += 1
    this.#report.cancelled += cancelled.length
    const steps = permutation.map(({ step }) => step.name)
    const transcript = pieces.map(([, text]) => text).join('')
    this.#options.onPermutation?.({ number, steps, transcript, cancelled })
  }
}

/** What the work comes to, or undefined as soon as the signal is given. */
function unlessAborted<T>(
  signal: AbortSignal | undefined,
  work: Promise<T>,
): Promise<T | undefined> {
  if (!signal) return work
  return new Promise((resolve, reject) => {
    const stop = (): void => resolve(undefined)
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}

function* numbered(
  spec: Spec,
  only: readonly number[] | undefined,
): Generator<readonly [number, Permutation], void> {
  const wanted = only && new Set(only)
  let number = 0
  for (const permutation of permutationsOf(spec)) {
    number += 1
    if (!wanted || wanted.has(number)) yield [number, permutation]
  }
}
