import type { EngineName } from './databases/engine-name.ts'
import type { IsolationLevel } from './databases/isolation.ts'
import type { FaultKind } from './errors.ts'
import type { CoverageSummary } from './coverage.ts'
import type { FaultName } from './faults/fault.ts'
import type { Grain } from './grain.ts'
import type { Anomaly } from './oracles/anomaly.ts'
import type { LivenessSummary } from './oracles/liveness.ts'
import type { SerialEquivalence } from './oracles/serial-equivalence.ts'
import type { AbortClass } from './reply.ts'
import type { Plan } from './plan.ts'
import type { RunRecord } from './run.ts'

/** What an exploration came to. `inconclusive` is never a pass. */
export type Exploration = Explored & (Holds | Violated | Inconclusive)

interface Holds {
  readonly verdict: 'holds'
}

interface Violated {
  readonly verdict: 'violated'
  readonly counterexample: Counterexample
}

interface Inconclusive {
  readonly verdict: 'inconclusive'
  readonly reason: string
  readonly fault: FaultKind | 'interrupted'
}

/** A kind of fault that was asked for, and cannot strike. */
export interface FaultNotRun {
  readonly kind: FaultName
  /** A clause. */
  readonly reason: string
}

/** What was explored, whatever came of it. */
export interface Explored {
  readonly workload: string
  readonly strategy: string
  readonly database: {
    readonly engine: EngineName
    readonly version: string
    readonly provider: string
  }
  readonly isolation: IsolationLevel
  /** MariaDB's innodb_snapshot_isolation; left out elsewhere. */
  readonly snapshotIsolation?: boolean
  readonly explorer: {
    readonly name: string
    readonly seed?: number
    /** The most that a schedule may have. */
    readonly preemptions?: number
  }
  /** Name of the fixed start, for explorers that have one. */
  readonly scenario?: string
  /** Schedules run and judged, up to and including the first that broke a judged invariant. */
  readonly schedules: number
  /** Whether these were all there are, at every grain. */
  readonly exhausted: boolean
  /** The same for each grain that was asked for. */
  readonly grains: readonly GrainCount[]
  readonly elapsedMs: number
  readonly schedulesPerSecond: number
  /** How the commands of these schedules were answered. */
  readonly replies: ReplyCounts
  readonly invariants: readonly InvariantCount[]
  /** Where plans could hold faults: how often each kind has struck. */
  readonly faults?: FaultCounts
  /** Kinds of faults that were asked for and cannot strike here, and why: a clause. */
  readonly faultsNotRun?: readonly FaultNotRun[]
  /** What kept commands from getting anything done. */
  readonly liveness: LivenessSummary
  readonly selfCheck: SelfCheckCount
}

/** How often each kind of fault that plans could hold has struck. */
export type FaultCounts = { readonly [Name in FaultName]?: number }

export interface GrainCount {
  readonly grain: Grain
  readonly schedules: number
  /** Whether these were all there are, within the bound on preemptions where there is one. */
  readonly exhausted: boolean
  /**
   * Of a search that leaves out what differs only in steps that commute: schedules that turned out to
   * be like one that had been tried.
   */
  readonly redundant?: number
  /**
   * Schedules in which a step let go of one of several that waited for its actor, so that the database
   * chose whose turn it was: another choice of its own was perhaps not seen. Left out where there were
   * none, and where statements overlap.
   */
  readonly chosenByDatabase?: number
  /** How much of what can happen that was; left out where statements overlap, or nothing was run. */
  readonly coverage?: CoverageSummary
  /** Why nothing was run at this grain. */
  readonly notRun?: string
}

/** What came of doing some runs twice. */
export interface SelfCheckCount {
  /** Runs that were repeated. */
  readonly runs: number
  /** Those that went another way, for no reason that their histories show. */
  readonly differences: number
  /** Those that went another way where the database chose among several that waited. */
  readonly chosenByDatabase: number
  /** What the first difference was. */
  readonly first?: string
}

export interface ReplyCounts {
  readonly ok: number
  readonly rejected: number
  readonly aborted: { readonly [Class in AbortClass]?: number }
  readonly unknown: number
}

export interface InvariantCount {
  readonly name: string
  /** Whether the strategy claims to keep it. */
  readonly claimed: boolean
  /** Whether breaking it makes the verdict `violated`. */
  readonly judged: boolean
  /** Schedules that broke it. */
  readonly violations: number
  /** Schedules that could not be judged by it, as there was too much to look at. */
  readonly undecided?: number
}

/** The smallest run found that breaks an invariant. */
export interface Counterexample {
  readonly invariant: string
  readonly message: string
  readonly grain: Grain
  /** What happened, in the terms of the literature. */
  readonly anomaly: Anomaly
  /** What it would have been had the commands been done one after the other. */
  readonly serialEquivalence: SerialEquivalence
  /** How many actors take part, and how many steps they take together. */
  readonly actors: number
  readonly steps: number
  /** How often another actor runs than the one before. */
  readonly contextSwitches: number
  /** Holds all that a replay needs. */
  readonly token: string
  /** How often the violation came again when the run was repeated. */
  readonly replays: { readonly reproduced: number; readonly of: number }
  readonly plan: Plan
  readonly run: RunRecord
}
