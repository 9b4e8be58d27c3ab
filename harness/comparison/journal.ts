import { z } from 'zod'
import { UsageError } from '../errors.ts'
import {
  databaseSchema,
  loadFailureSchema,
  loadSchema,
  notRunSchema,
  placeName,
  placeSchema,
  resultsFormat,
  resultsSchema,
  resultsVersion,
  safetySchema,
  type Cell,
  type CellNotRun,
  type Place,
  type Results,
} from './results.ts'

/**
 * What a comparison writes down as it goes on, a line of JSON each: whoever interrupts it, or pulls the
 * plug, loses no more than what was under way.
 */
export type JournalEntry = z.infer<typeof entrySchema>

const headerSchema = z.object({
  kind: z.literal('comparison'),
  ...resultsSchema.pick({
    format: true,
    version: true,
    lockstep: true,
    startedAt: true,
    machine: true,
    settings: true,
    strategies: true,
  }).shape,
  places: z.array(placeSchema).describe('the cells to be measured'),
  unsupported: z.array(notRunSchema).describe('the cells that a strategy is not made for'),
})

const entrySchema = z.discriminatedUnion('kind', [
  headerSchema,
  z.object({ kind: z.literal('database'), database: databaseSchema }),
  z.object({ kind: z.literal('safety'), place: placeSchema, safety: safetySchema }),
  z.object({ kind: z.literal('load'), place: placeSchema, load: loadSchema }),
  z.object({ kind: z.literal('load failure'), place: placeSchema, failure: loadFailureSchema }),
  z.object({ kind: z.literal('time'), elapsedMs: z.number().min(0) }),
])

export type JournalHeader = z.infer<typeof headerSchema>

/** What a journal tells: what was to be measured, and what has been. */
export interface Progress {
  readonly header: JournalHeader
  readonly entries: readonly JournalEntry[]
}

/**
 * Reads a journal. Its last line may have been cut off.
 *
 * @param source what to call it
 * @throws {UsageError} when it is none, or one of a version that is not known here.
 */
export function readJournal(text: string, source: string): Progress {
  const lines = text.split('\n')
  const whole = lines.slice(0, -1).filter((line) => line !== '')
  const documents = whole.map((line, index) => parseLine(line, index + 1, source))
  checkVersion(documents[0], source)
  const entries = documents.map((document, index) => {
    const { success, data } = entrySchema.safeParse(document)
    if (success) return data
    throw new UsageError(`Line ${index + 1} of ${source} is no entry of a comparison.`)
  })
  const [header] = entries
  if (header?.kind === 'comparison') return { header, entries }
  throw new UsageError(`${source} does not begin with what is compared: it cannot be gone on with.`)
}

function parseLine(line: string, number: number, source: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    throw new UsageError(`Line ${number} of ${source} is damaged: it is no JSON.`)
  }
}

const versioned = z.looseObject({ format: z.literal(resultsFormat), version: z.number() })

/** @throws {UsageError} when it is no result, or one that an older or newer Lockstep has written. */
export function checkVersion(document: unknown, source: string): void {
  const { success, data } = versioned.safeParse(document)
  if (!success) throw new UsageError(`${source} holds no results of lockstep compare.`)
  if (data.version === resultsVersion) return
  const age = data.version > resultsVersion ? 'newer' : 'older'
  throw new UsageError(
    `${source} is of version ${data.version}, which ${age === 'newer' ? 'a newer' : 'an older'} Lockstep has written: this one reads version ${resultsVersion}. Use that Lockstep, or measure again.`,
  )
}

/**
 * Reads results.json.
 *
 * @throws {UsageError} when it is none, or one of a version that is not known here.
 */
export function readResults(text: string, source: string): Results {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    throw new UsageError(`${source} is no JSON: it is damaged, or another file.`)
  }
  checkVersion(document, source)
  const { success, data, error } = resultsSchema.safeParse(document)
  if (success) return data
  const [issue] = error.issues
  throw new UsageError(
    `${source} is not as results.json has to be: at ${issue?.path.join('.') ?? '?'}, ${issue?.message ?? 'unknown'}.`,
  )
}

/** Puts together what has been measured. */
export function toResults(
  { header, entries }: Progress,
  notRun: readonly CellNotRun[],
  finishedAt: Date | undefined,
): Results {
  const { kind: _, places, unsupported, ...about } = header
  const cells = new Map<string, Cell>()
  const databases = new Map<string, Results['databases'][number]>()
  let elapsedMs = 0
  const cellAt = (place: Place): Cell => {
    const name = placeName(place)
    const cell = cells.get(name) ?? { ...place }
    cells.set(name, cell)
    return cell
  }
  for (const entry of entries) {
    switch (entry.kind) {
      case 'comparison':
        break
      case 'database':
        databases.set(entry.database.platform, entry.database)
        break
      case 'safety':
        cellAt(entry.place).safety = entry.safety
        break
      case 'load':
        costOf(cellAt(entry.place)).loads.push(entry.load)
        break
      case 'load failure':
        costOf(cellAt(entry.place)).failures.push(entry.failure)
        break
      case 'time':
        elapsedMs += entry.elapsedMs
    }
  }
  const order = new Map(places.map((place, index) => [placeName(place), index]))
  const rank = (cell: Cell): number => order.get(placeName(cell)) ?? Infinity
  return {
    ...about,
    ...(finishedAt && { finishedAt: finishedAt.toISOString() }),
    elapsedMs,
    databases: [...databases.values()],
    cells: [...cells.values()].toSorted((a, b) => rank(a) - rank(b)),
    notRun: [...unsupported, ...notRun],
  }
}

function costOf(cell: Cell): NonNullable<Cell['cost']> {
  cell.cost ??= { loads: [], failures: [] }
  return cell.cost
}
