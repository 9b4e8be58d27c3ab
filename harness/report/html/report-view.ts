/**
 * What the page shows, in the order and the words in which it shows it, and nothing else: the page
 * computes no figures. Plain data, written into the page as JSON.
 */
export interface ReportView {
  /** `4 strategies on PostgreSQL, MySQL and MariaDB`. */
  readonly title: string
  /** When, on what machine, with which seed and how much effort. */
  readonly facts: readonly Fact[]
  readonly databases: readonly DatabaseView[]
  readonly hasSafety: boolean
  readonly hasCost: boolean
  /** How many cells have come to what, worst first. */
  readonly totals: readonly { readonly status: Status; readonly cells: number }[]
  /** What was asked for and not measured, by reason. */
  readonly omissions: readonly Omission[]
  /** Columns of the matrix, by platform and then by level, weakest first. */
  readonly columns: readonly ColumnView[]
  readonly workloads: readonly WorkloadView[]
  /** In the order of rows and then columns; every strategy has one for every column. */
  readonly cells: readonly CellView[]
}

export interface Fact {
  readonly name: string
  readonly value: string
}

export interface DatabaseView {
  /** `PostgreSQL 18.4 (embedded)`. */
  readonly title: string
  readonly settings: readonly Fact[]
}

export interface Omission {
  readonly reason: string
  /** `safety and cost`. */
  readonly part: string
  /** `purchase/skip-locked on MariaDB, serializable`. */
  readonly places: readonly string[]
}

export interface ColumnView {
  readonly platform: string
  readonly platformTitle: string
  readonly isolation: string
  /** Whether transactions are at this level if nobody asks for another. */
  readonly isOwnLevel: boolean
}

export interface WorkloadView {
  readonly name: string
  readonly strategies: readonly StrategyView[]
}

export interface StrategyView {
  readonly name: string
  readonly summary: string
}

/**
 * What a cell has come to.
 *
 * - `violated`, `holds`, `inconclusive`: as everywhere.
 * - `not judged`: only its cost was measured, and nothing was violated meanwhile.
 * - `not run`: asked for, and not done.
 * - `not supported`: the strategy is not written for this engine.
 * - `not asked`: not part of this comparison.
 */
export type Status = (typeof statuses)[number]

/** Worst first. */
export const statuses = [
  'violated',
  'inconclusive',
  'holds',
  'not judged',
  'not run',
  'not supported',
  'not asked',
] as const

export interface CellView {
  /** For links: `purchase/read-modify-write/postgres/read-committed`. */
  readonly id: string
  readonly workload: string
  readonly strategy: string
  readonly platform: string
  readonly platformTitle: string
  readonly isolation: string
  readonly status: Status
  /** A few words under the status: `25 %, first at 3`. */
  readonly detail: string
  /** Of what holds: whether a scenario has no other schedules. */
  readonly isExhausted: boolean
  /** What makes it so, in whole sentences. */
  readonly remarks: readonly string[]
  readonly rate?: RateView
  readonly first?: FirstView
  readonly naive?: RateView
  readonly searches: readonly SearchView[]
  readonly loads: readonly LoadView[]
}

/** A share with its 95 % interval, all from 0 to 1. */
export interface RateView {
  readonly value: number
  readonly low: number
  readonly high: number
  /** `12 of 60 schedules, drawn by random from 3 seeds`. */
  readonly basis: string
}

export interface FirstView {
  /** `4`, or `more than 20`. */
  readonly text: string
  /** For each seed. */
  readonly basis: string
}

export interface SearchView {
  readonly verdict: 'holds' | 'violated' | 'inconclusive'
  /** `all 924 schedules of scenario last-unit (exhaustive)`. */
  readonly extent: string
  readonly reason?: string
  readonly grains: readonly Fact[]
  readonly invariants: readonly InvariantView[]
  readonly replies: string
  readonly counterexample?: CounterexampleView
}

export interface InvariantView {
  readonly name: string
  /** `held`, `broken in 3 schedules`. */
  readonly outcome: string
  readonly isBroken: boolean
  /** `claimed`, `claimed, not judged`, `not claimed`. */
  readonly standing: string
}

export interface CounterexampleView {
  readonly invariant: string
  readonly message: string
  /** `lost-update (P4 (G-single))`. */
  readonly anomaly: string
  readonly explanation: string
  /** `2 actors, 4 steps, 2 context switches; happened again in 10 of 10 replays`. */
  readonly size: string
  readonly token: string
  /** A command line to paste. */
  readonly replay: string
  readonly before: readonly TableView[]
  readonly after: readonly TableView[]
  /** Left out where the history cannot be read. */
  readonly chart?: LaneChart
  readonly text: string
}

/**
 * A run as swim lanes: lanes side by side, time goes down in rows, one row for each thing that
 * happened. Only waits go over several rows, from where they begin to where the statement went on.
 */
export interface LaneChart {
  /** Names of the actors. */
  readonly lanes: readonly string[]
  /** In the order of their first rows. */
  readonly items: readonly LaneItem[]
  readonly rows: number
}

export type LaneItem = {
  /** Index of the lane. */
  readonly lane: number
  /** From 0. */
  readonly row: number
} & (
  | { readonly kind: 'command'; readonly text: string }
  | ({ readonly kind: 'statement'; readonly step: number; readonly text: string } & Outcome & {
        readonly together: readonly number[]
      })
  /** `to` is the row in which it went on, or the number of rows where it never did. */
  | {
      readonly kind: 'wait'
      readonly to: number
      readonly for: readonly number[]
      readonly ended: boolean
    }
  /** What became of a statement that had to wait, or that others came before. */
  | ({ readonly kind: 'outcome'; readonly step: number; readonly resumed: boolean } & Outcome)
  /** `fault: the server ends the session`. */
  | { readonly kind: 'remark'; readonly text: string }
  | {
      readonly kind: 'reply'
      readonly text: string
      readonly reply: 'ok' | 'rejected' | 'aborted' | 'unknown'
    }
)

interface Outcome {
  readonly results: readonly string[]
  /** `deadlock (40P01): deadlock detected`. */
  readonly error?: string
  /** Whether it stopped before its first row. */
  readonly stopped?: true
}

export interface TableView {
  readonly name: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** Of `after`: rows that were not there before. */
  readonly isNew: readonly boolean[]
}

/** A figure with its 95 % interval. */
export interface FigureView {
  readonly value: number
  readonly low: number
  readonly high: number
}

/** All repetitions of one kind of load run. */
export interface LoadView {
  readonly contention: 'hot' | 'spread'
  readonly clients: number
  readonly repetitions: number
  readonly throughput: FigureView
  /** Left out where no command was answered with ok. */
  readonly latencyMs?: { readonly [Percentile in 'p50' | 'p95' | 'p99']: FigureView }
  /** For every command that was answered with ok; left out where none was. */
  readonly abortsPerOk?: number
  readonly retriesPerOk?: number
  readonly lockWaitMsPerOk?: number
  /** Invariants that did not hold afterwards. */
  readonly broken: readonly string[]
  /** Whether no strategy of the workload in this column is both as safe and faster. */
  readonly isOnFront: boolean
}
