import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib'
import { z } from 'zod'
import { engineNames, type EngineName } from '../databases/engine-name.ts'
import { isolationLevels, type IsolationLevel } from '../databases/isolation.ts'
import { UsageError } from '../errors.ts'
import { faultNames } from '../faults/fault.ts'
import { grains, type Grain } from '../grain.ts'
import { judgeable } from '../oracles/judgement.ts'
import type { Plan } from '../plan.ts'
import type { Strategy } from '../strategy.ts'
import type { Trace } from './trace.ts'

/** All that a replay needs. */
export interface Recording {
  readonly workload: string
  readonly strategy: string
  readonly engine: EngineName
  readonly isolation: IsolationLevel
  /** MariaDB's innodb_snapshot_isolation; left out elsewhere. */
  readonly snapshotIsolation?: boolean
  /** How finely the actors were interleaved. */
  readonly grain: Grain
  /** The invariant that broke. */
  readonly invariant: string
  readonly plan: Plan
  readonly trace: Trace
}

const version = 1
/** More than any plan within the limits needs; a token that unpacks to more is no token. */
const largestBytes = 1 << 20

/** More than is ever generated. A token must not make a server open thousands of sessions. */
const mostActors = 26
const mostCommands = 100
const mostAttempts = 100
const mostFaults = 100

const fault = z.strictObject({
  actor: z
    .int()
    .min(0)
    .max(mostActors - 1),
  step: z.int().min(0),
  kind: z.enum(faultNames),
})

/** What the workload may put in states and commands is checked against its own schema, later. */
const shape = z.strictObject({
  w: z.string(),
  s: z.string(),
  e: z.enum(engineNames),
  i: z.enum(isolationLevels),
  n: z.boolean().optional(),
  g: z.enum(grains).optional(),
  v: z.string(),
  p: z.strictObject({
    initial: z.record(z.string(), z.array(z.record(z.string(), z.unknown()))),
    actors: z
      .array(z.array(z.looseObject({ kind: z.string() })).max(mostCommands))
      .min(1)
      .max(mostActors),
    schedule: z.array(z.int().min(0)),
    attempts: z.int().min(1).max(mostAttempts),
    faults: z.array(fault).min(1).max(mostFaults).exactOptional(),
  }),
  t: z.array(z.int().min(0)),
})

/**
 * A recording as one word to paste: `ls1.` and base64url of a checksum and deflated JSON.
 */
export function encodeToken(recording: Recording): string {
  const { workload, strategy, engine, isolation, snapshotIsolation, grain } = recording
  const { invariant, plan, trace } = recording
  const { initial, actors, schedule, attempts, faults = [] } = plan
  const content = {
    w: workload,
    s: strategy,
    e: engine,
    i: isolation,
    n: snapshotIsolation,
    g: grain === 'statement' ? undefined : grain,
    v: invariant,
    p: { initial, actors, schedule, attempts, ...(faults.length > 0 && { faults }) },
    t: trace,
  }
  const packed = deflateRawSync(JSON.stringify(content), { level: 9 })
  const checksum = Buffer.alloc(4)
  checksum.writeUInt32BE(crc32(packed))
  return `ls${version}.${Buffer.concat([checksum, packed]).toString('base64url')}`
}

/**
 * Reads a token. Nothing in it is evaluated; it is data or it is refused.
 *
 * @throws {UsageError} when it is damaged, or of a version that this Lockstep does not know.
 */
export function decodeToken(token: string): Recording {
  const [, found, body] = /^ls(\d+)\.(.*)$/s.exec(token.trim()) ?? []
  if (found === undefined || body === undefined) {
    throw new UsageError(
      `This is not a token: a token begins with "ls${version}.". Copy it whole from the line below "To replay it:".`,
    )
  }
  if (Number(found) !== version) {
    throw new UsageError(
      `The token is of version ${found}, and this Lockstep reads version ${version}: replay it with the Lockstep that printed it, or a newer one.`,
    )
  }
  const content = shape.safeParse(unpack(body))
  if (!content.success) throw damaged()
  const { w, s, e, i, n, g = 'statement', v, p, t } = content.data
  return {
    workload: w,
    strategy: s,
    engine: e,
    isolation: i,
    ...(n !== undefined && { snapshotIsolation: n }),
    grain: g,
    invariant: v,
    plan: p,
    trace: t,
  }
}

/**
 * Sees to it that the plan in a recording is one of the strategy's workload.
 *
 * @throws {UsageError} when the token speaks of another strategy, or of other tables or commands.
 */
export function checkRecording(recording: Recording, strategy: Strategy): void {
  if (recording.strategy !== strategy.name) {
    throw new UsageError(
      `The token is of strategy "${recording.strategy}", and this is "${strategy.name}".`,
    )
  }
  const { schema } = strategy.workload
  const { initial, actors } = recording.plan
  const fits =
    schema.state.safeParse(initial).success &&
    actors.flat().every((command) => schema.command.safeParse(command).success) &&
    judgeable(strategy.workload).some(({ name }) => name === recording.invariant)
  if (fits) return
  throw new UsageError(
    `The token does not fit workload "${recording.workload}" of this Lockstep: its tables, commands or invariants were others when the token was made.`,
  )
}

function unpack(body: string): unknown {
  const bytes = Buffer.from(body, 'base64url')
  // Skips what is no base64url, and the last bits of the last character: written again, they differ.
  if (bytes.toString('base64url') !== body) throw damaged()
  if (bytes.length < 5 || bytes.readUInt32BE(0) !== crc32(bytes.subarray(4))) throw damaged()
  try {
    const text = inflateRawSync(bytes.subarray(4), { maxOutputLength: largestBytes })
    return JSON.parse(text.toString('utf8'))
  } catch {
    throw damaged()
  }
}

const damaged = (): UsageError =>
  new UsageError(
    'The token is damaged: a part of it is missing or changed. Copy it whole, without line breaks.',
  )
