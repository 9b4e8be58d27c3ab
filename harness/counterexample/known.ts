import { z } from 'zod'
import { engineNames } from '../databases/engine-name.ts'
import { isolationLevels } from '../databases/isolation.ts'
import { UsageError } from '../errors.ts'
import { grains } from '../grain.ts'
import { renderState } from '../report/text.ts'
import { renderTimeline } from '../report/timeline.ts'
import type { Counterexample, Explored } from '../verdict.ts'
import type { AnyWorkload } from '../workload.ts'
import { decodeToken, type Recording } from './token.ts'

/** A counterexample that is kept in a file, to be tried again before anything new is searched for. */
export interface KnownCounterexample extends Omit<Recording, 'plan' | 'trace'> {
  /** Of the server it was found on. */
  readonly serverVersion: string
  /** What broke, as it was told then. */
  readonly message: string
  /** What it is called in the literature; `none` or `unknown` where it has no name. */
  readonly anomaly: string
  /** The run as it is shown to people, line by line. Nothing is read from it. */
  readonly lanes: readonly string[]
  /** All that a replay needs. Everything above says again what is in it. */
  readonly token: string
}

const version = 1
const format = 'lockstep counterexample'

const shape = z.strictObject({
  format: z.literal(format),
  version: z.literal(version),
  workload: z.string(),
  strategy: z.string(),
  engine: z.enum(engineNames),
  serverVersion: z.string(),
  isolation: z.enum(isolationLevels),
  snapshotIsolation: z.boolean().optional(),
  grain: z.enum(grains),
  invariant: z.string(),
  message: z.string(),
  anomaly: z.string(),
  lanes: z.array(z.string()),
  token: z.string(),
})

/** What an exploration has found, in the form in which it is kept. */
export function knownFrom(
  workload: AnyWorkload,
  explored: Pick<
    Explored,
    'workload' | 'strategy' | 'database' | 'isolation' | 'snapshotIsolation'
  >,
  counterexample: Counterexample,
): KnownCounterexample {
  const { strategy, database, isolation, snapshotIsolation } = explored
  const { grain, invariant, message, anomaly, token, plan, run } = counterexample
  const shown = [
    renderState('Before', plan.initial),
    renderTimeline(workload, plan, run.history),
    renderState('After', run.observation.final),
  ]
  return {
    workload: explored.workload,
    strategy,
    engine: database.engine,
    serverVersion: database.version,
    isolation,
    ...(snapshotIsolation !== undefined && { snapshotIsolation }),
    grain,
    invariant,
    message,
    anomaly: anomaly.name,
    lanes: shown.join('\n\n').split('\n'),
    token,
  }
}

/** The text of its file: JSON, with the lanes as lines that can be read there. */
export function formatKnown(known: KnownCounterexample): string {
  return `${JSON.stringify({ format, version, ...known }, undefined, 2)}\n`
}

/**
 * Reads the text of such a file. Nothing in it is evaluated; it is data or it is refused.
 *
 * @param name how to call the file in what is said of it.
 * @throws {UsageError} when it is no such file, of a version that this Lockstep does not know, or says
 *   something else than the token in it.
 */
export function parseKnown(
  text: string,
  name: string,
): { readonly known: KnownCounterexample; readonly recording: Recording } {
  const content = shape.safeParse(contentOf(text, name))
  if (!content.success) {
    const [issue] = content.error.issues
    const where = issue?.path.length ? ` at "${issue.path.join('.')}"` : ''
    throw new UsageError(
      `${name} is not as a counterexample's file has to be${where}: ${issue?.message ?? 'damaged'}.`,
    )
  }
  const { format: _, version: __, snapshotIsolation, ...rest } = content.data
  const known = { ...rest, ...(snapshotIsolation !== undefined && { snapshotIsolation }) }
  const recording = recordingOf(known, name)
  for (const key of sameInBoth) {
    if (known[key] === recording[key]) continue
    throw new UsageError(
      `${name} says ${key} "${known[key]}", and its token says "${recording[key]}": one of them was changed. Record it again.`,
    )
  }
  return { known, recording }
}

const sameInBoth = [
  'workload',
  'strategy',
  'engine',
  'isolation',
  'snapshotIsolation',
  'grain',
  'invariant',
] as const satisfies readonly (keyof KnownCounterexample & keyof Recording)[]

function contentOf(text: string, name: string): unknown {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch {
    throw new UsageError(`${name} holds no counterexample: it is not JSON.`)
  }
  const { format: found, version: of } = (content ?? {}) as { format?: unknown; version?: unknown }
  if (found !== format) {
    throw new UsageError(`${name} holds no counterexample: its "format" is not "${format}".`)
  }
  if (typeof of === 'number' && of !== version) {
    throw new UsageError(
      `${name} is of version ${of}, and this Lockstep reads version ${version}: use the Lockstep that wrote it, or a newer one.`,
    )
  }
  return content
}

function recordingOf({ token }: KnownCounterexample, name: string): Recording {
  try {
    return decodeToken(token)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    throw new UsageError(`${name} cannot be replayed. ${error.message}`)
  }
}

/**
 * Where it belongs below a folder of known counterexamples:
 * `mysql/read-committed/purchase.read-modify-write.stock-conserved.json`.
 */
export function knownPath(
  known: Omit<KnownCounterexample, 'lanes' | 'message' | 'anomaly'>,
): string {
  const { engine, snapshotIsolation, isolation, workload, strategy, invariant, grain } = known
  const platform = snapshotIsolation ? `${engine}-snapshot` : engine
  const name = [workload, strategy, invariant, ...(grain === 'statement' ? [] : [grain])].join('.')
  return `${platform}/${isolation}/${name}.json`
}
