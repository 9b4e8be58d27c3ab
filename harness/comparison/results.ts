import { z } from 'zod'
import { engineNames } from '../databases/engine-name.ts'
import { isolationLevels } from '../databases/isolation.ts'
import { grains } from '../grain.ts'
import { platforms } from '../hermitage/platform.ts'

/**
 * What a comparison of strategies has measured, as it is written to `results.json`: every raw figure, and
 * nothing that can be computed from them (see `statistics.ts`).
 *
 * A change that an older reader would misunderstand gets a new version; fields may be added without.
 */
export const resultsVersion = 1
/** What a file of results calls itself, so that it is taken for nothing else. */
export const resultsFormat = 'lockstep-results'

const counter = z.int().min(0)
const milliseconds = z.number().min(0)

const replies = z.object({
  ok: counter,
  rejected: counter,
  aborted: z.record(z.string(), counter).describe('by class of error'),
  unknown: counter,
})

const invariantCount = z.object({
  name: z.string(),
  claimed: z.boolean(),
  judged: z.boolean(),
  violations: counter.describe('schedules that broke it'),
})

const value = z.union([z.string(), z.number(), z.boolean(), z.null()])
const rows = z
  .record(z.string(), z.array(z.record(z.string(), z.unknown())))
  .describe('the rows of every table')

const counterexample = z.object({
  invariant: z.string(),
  message: z.string(),
  grain: z.enum(grains),
  anomaly: z
    .looseObject({ name: z.string() })
    .describe('what happened, in the terms of the literature'),
  actors: counter,
  steps: counter,
  contextSwitches: counter,
  token: z.string().describe('for `lockstep replay`'),
  replays: z.object({ reproduced: counter, of: counter }),
  plan: z.looseObject({
    initial: rows,
    actors: z.array(z.array(z.looseObject({ kind: z.string() }))),
    schedule: z.array(z.int()),
    attempts: counter,
  }),
  history: z
    .array(z.looseObject({ actor: counter, kind: z.string() }))
    .describe('see `RunEvent` in history.ts'),
  final: rows,
  text: z.string().describe('as `lockstep explore` prints it'),
})

const search = z.object({
  verdict: z.enum(['holds', 'violated', 'inconclusive']),
  reason: z.string().optional().describe('why it is inconclusive'),
  explorer: z.object({ name: z.string(), seed: z.int().optional() }),
  scenario: z.string().optional(),
  schedules: counter,
  exhausted: z.boolean().describe('whether these were all there are'),
  grains: z.array(
    z.looseObject({
      grain: z.enum(grains),
      schedules: counter,
      exhausted: z.boolean(),
      chosenByDatabase: counter
        .optional()
        .describe('schedules in which the database chose among several that waited'),
      notRun: z.string().optional(),
    }),
  ),
  elapsedMs: milliseconds,
  replies,
  invariants: z.array(invariantCount),
  counterexample: counterexample.optional(),
})

/** Plans that were drawn and run one after the other, without an end at the first violation. */
const series = z.object({
  seed: z.int(),
  schedules: counter,
  violations: counter.describe('schedules that broke a claimed invariant'),
  first: z.int().min(1).nullable().describe('number of the first of these, from 1'),
  invariants: z.record(z.string(), counter).describe('schedules that broke each, claimed or not'),
  notJudged: counter.describe('schedules that could not be judged; they are among the schedules'),
})

const trials = z.object({
  trials: counter,
  violations: counter,
  notJudged: counter,
})

export const safetySchema = z.object({
  searches: z
    .array(search)
    .min(1)
    .describe('every schedule of a scenario, and plans that are drawn'),
  rate: z
    .object({ explorer: z.string(), series: z.array(series) })
    .optional()
    .describe('how often drawn schedules break a claim'),
  naive: trials.optional().describe('the same kinds of plan with no scheduler'),
})

const latency = z.object({
  p50: milliseconds,
  p95: milliseconds,
  p99: milliseconds,
  max: milliseconds,
  mean: milliseconds,
})

/** One load run: real concurrency, no scheduler. */
export const loadSchema = z.object({
  clients: z.int().min(1),
  contention: z.enum(['hot', 'spread']),
  repetition: counter,
  elapsedMs: milliseconds,
  commandsPerSecond: z.number().min(0).describe('answered with ok'),
  latencyMs: latency
    .optional()
    .describe('of commands answered with ok; left out where there are none'),
  histogram: z.string().describe('HdrHistogram, compressed, of microseconds'),
  replies,
  retries: counter.describe('attempts beyond the first'),
  aborts: counter.describe('attempts that the database refused'),
  lockWaitMs: milliseconds.optional().describe('over all sessions; left out where unknown'),
  cutOff: counter.optional().describe('commands that had to be cut off at the end, done or not'),
  violations: z.array(z.object({ invariant: z.string(), message: z.string() })),
  notJudged: z
    .array(z.object({ invariant: z.string(), reason: z.string() }))
    .optional()
    .describe('claimed invariants of which the load says nothing, and serial equivalence'),
})

export const loadFailureSchema = z.object({
  clients: z.int().min(1),
  contention: z.enum(['hot', 'spread']),
  repetition: counter,
  reason: z.string(),
})

const cost = z.object({
  loads: z.array(loadSchema),
  failures: z.array(loadFailureSchema).describe('load runs that could not be judged'),
})

const place = {
  workload: z.string(),
  strategy: z.string(),
  platform: z.enum(platforms),
  isolation: z.enum(isolationLevels),
}

export const placeSchema = z.object(place)

const cell = z.object({ ...place, safety: safetySchema.optional(), cost: cost.optional() })

export const notRunSchema = z.object({
  ...place,
  part: z.enum(['safety', 'cost', 'both']),
  reason: z.string(),
  unsupported: z
    .boolean()
    .optional()
    .describe('whether the strategy is not written for the engine, so that nothing was left out'),
})

export const databaseSchema = z.object({
  platform: z.enum(platforms),
  engine: z.enum(engineNames),
  version: z.string(),
  provider: z.string(),
  settings: z.record(z.string(), value).describe('as the server says, by name'),
})

const effort = z
  .object({
    enumerationMs: milliseconds,
    schedules: counter,
    searchMs: milliseconds,
    shrinkMs: milliseconds,
    seeds: counter,
    schedulesPerSeed: counter,
    naiveTrials: counter,
    clients: z.array(z.int().min(1)).readonly(),
    contentions: z.array(z.enum(['hot', 'spread'])).readonly(),
    repetitions: counter,
    warmUpMs: milliseconds,
    loadMs: milliseconds,
  })
  .describe('how much was measured in every cell: see `Effort` in effort.ts')

const machine = z.object({
  processors: z.array(z.string()).describe('one for each core'),
  memoryBytes: counter,
  platform: z.string(),
  release: z.string(),
  node: z.string(),
})

/** Accepts the results of a comparison. Times are in milliseconds, rates in commands per second. */
export const resultsSchema = z.object({
  format: z.literal(resultsFormat),
  version: z.literal(resultsVersion),
  lockstep: z.object({
    version: z.string(),
    revision: z.string().optional().describe("the working folder's git revision"),
    dirty: z.boolean().optional().describe('whether there were changes besides'),
  }),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().optional().describe('left out where it was not finished'),
  elapsedMs: milliseconds.describe('measuring, over all runs that went on with it'),
  machine,
  settings: z.object({
    mode: z.enum(['full', 'quick']),
    seed: z.int(),
    parts: z.array(z.enum(['safety', 'cost'])),
    allCosts: z.boolean().describe('whether the cost of every cell was wanted'),
    sources: z.array(z.string()).describe('names and files of the strategies'),
    filter: z.string().optional(),
    effort,
  }),
  databases: z.array(databaseSchema),
  strategies: z.array(
    z.object({
      workload: z.string(),
      name: z.string(),
      summary: z.string(),
      claims: z.array(z.string()),
    }),
  ),
  cells: z.array(cell),
  notRun: z.array(notRunSchema),
})

/** The results of a comparison, as `results.json` has them. */
export type Results = z.infer<typeof resultsSchema>
export type Cell = Results['cells'][number]
export type Place = Pick<Cell, 'workload' | 'strategy' | 'platform' | 'isolation'>
export type Safety = NonNullable<Cell['safety']>
export type SearchResult = Safety['searches'][number]
export type StoredCounterexample = NonNullable<SearchResult['counterexample']>
export type Series = NonNullable<Safety['rate']>['series'][number]
export type Cost = NonNullable<Cell['cost']>
export type LoadSample = Cost['loads'][number]
export type DatabaseRecord = Results['databases'][number]
export type CellNotRun = Results['notRun'][number]

export const placeName = ({ workload, strategy, platform, isolation }: Place): string =>
  `${workload}/${strategy} on ${platform}, ${isolation}`
