import { SpecConnections } from '../databases/engines/postgres/spec-connections.ts'
import type { DatabaseServer } from '../databases/server.ts'
import { Habits } from './habits.ts'
import { countPermutations, permutationsOf } from './permutations.ts'
import { runPermutation, SpecEnded, type Write } from './run-permutation.ts'
import type { Permutation, Spec } from './spec.ts'
import { lines } from './transcript.ts'

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

export interface SpecReport {
  readonly permutations: number
  /** How many there are, of which some may not have been run. */
  readonly of: number
  /** Steps that took too long and were cancelled. */
  readonly cancelled: number
  /** Why the run ended before its end. */
  readonly ended: 'interrupted' | { readonly reason: string } | undefined
}

export const defaultStepLimitMs = 360_000

/**
 * Runs a specification of PostgreSQL's isolation tester and writes what the tool would print.
 *
 * Everything happens in a database of its own, which goes at the end.
 *
 * @throws {DatabaseFault} when the server is lost.
 */
export async function runSpec(options: SpecRunOptions): Promise<SpecReport> {
  const { server, spec, name, signal, write } = options
  const report = { permutations: 0, of: countPermutations(spec), cancelled: 0 }
  for (const warning of spec.warnings) write('err', `${warning}\n`)
  write('out', lines.parsed(spec))
  const connections = await SpecConnections.open(
    server,
    name,
    spec.sessions.map((session) => session.name),
  )
  let transcript = ''
  // What is still under way when the signal comes has nothing to say any more.
  const writeUntilAborted: Write = (stream, text) => {
    if (signal?.aborted) return
    write(stream, text)
    transcript += text
  }
  try {
    const habits = new Habits(spec)
    const { stepLimitMs = defaultStepLimitMs } = options
    for (const [number, permutation] of numbered(spec, options.only)) {
      transcript = ''
      const outcome = await unlessAborted(
        signal,
        runPermutation(
          { spec, connections, habits, stepLimitMs, write: writeUntilAborted },
          permutation,
        ),
      )
      if (!outcome) return { ...report, ended: 'interrupted' }
      const { cancelled } = outcome
      report.permutations += 1
      report.cancelled += cancelled.length
      const steps = permutation.map(({ step }) => step.name)
      options.onPermutation?.({ number, steps, transcript, cancelled })
    }
    return { ...report, ended: undefined }
  } catch (error) {
    if (!(error instanceof SpecEnded)) throw error
    return { ...report, ended: { reason: error.message } }
  } finally {
    await connections.close()
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
