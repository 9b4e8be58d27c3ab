import { z } from 'zod'
import type { StoredCounterexample } from '../../comparison/results.ts'
import { errorClasses } from '../../databases/database-error.ts'
import { faultNames } from '../../faults/fault.ts'
import type { History } from '../../history.ts'

/** What the drawing of a run needs of its history, as it is read from a file. */

const actor = z.int().min(0)
const step = z.int().min(0)
const sending = {
  statement: z.object({
    parts: z.array(z.string()).min(1),
    params: z.array(z.union([z.string(), z.number(), z.boolean(), z.null()])),
  }),
  connection: z.int().min(0).exactOptional(),
  isOrphan: z.literal(true).exactOptional(),
}
const request = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('statement'), ...sending }),
  z.object({ kind: z.literal('phase'), ...sending }),
  z.object({ kind: z.literal('sleep'), ms: z.number() }),
])
const transaction = z.enum(['none', 'open', 'failed'])
const reply = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ok') }),
  z.object({ kind: z.literal('rejected'), reason: z.string() }),
  z.object({ kind: z.literal('aborted'), error: z.enum([...errorClasses, 'conflict']) }),
  z.object({ kind: z.literal('unknown') }),
])
const error = z.object({
  errorClass: z.enum(errorClasses),
  code: z.string(),
  message: z.string(),
})
const rows = z.array(z.record(z.string(), z.unknown()))

const history = z.array(
  z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('parked'), actor, request }),
    z.object({ kind: z.literal('sent'), actor, step, request }),
    z.object({ kind: z.literal('blocked'), actor, step, by: z.array(actor) }),
    z.object({ kind: z.literal('unblocked'), actor, step }),
    z.object({
      kind: z.literal('completed'),
      actor,
      step,
      rows,
      affectedRows: z.number(),
      transaction,
    }),
    z.object({ kind: z.literal('failed'), actor, step, error, transaction }),
    z.object({ kind: z.literal('replied'), actor, command: z.int().min(0), reply }),
    z.object({ kind: z.literal('noted'), actor, text: z.string() }),
    z.object({ kind: z.literal('shares'), actor, process: z.int() }),
    z.object({
      kind: z.literal('fault'),
      actor,
      step,
      fault: z.enum(faultNames),
      wasDone: z.boolean().exactOptional(),
    }),
    z.object({
      kind: z.literal('disconnected'),
      actor,
      connection: z.int().min(0).exactOptional(),
    }),
    z.object({
      kind: z.literal('reconnected'),
      actor,
      connection: z.int().min(0).exactOptional(),
    }),
  ]),
)

/** The history, or undefined where it is not as this Lockstep writes it. */
export function readStored(stored: StoredCounterexample['history']): History | undefined {
  const read = history.safeParse(stored)
  return read.success ? read.data : undefined
}
