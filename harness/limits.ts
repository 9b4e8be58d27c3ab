/** What ends a run that would otherwise not end. Reaching one makes the run inconclusive. */
export interface Limits {
  /**
   * How long a sent statement may take, in milliseconds, without completing and without the server
   * confirming that it waits for a lock that another actor will release.
   */
  readonly statementMs: number
  /** How long a strategy may compute, in milliseconds, without sending a statement or ending. */
  readonly strategyMs: number
  /** Steps of all actors together in one run; a strategy that retries for ever ends here. */
  readonly steps: number
}

/** Limits of a run where the caller gives none: times in milliseconds, and a number of steps. */
export const defaultLimits: Limits = {
  statementMs: 5_000,
  strategyMs: 5_000,
  steps: 500,
}
