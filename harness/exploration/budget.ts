/** How much a search may spend. */
export interface Budget {
  readonly schedules: number
  /** When it has to end, in milliseconds of `performance.now()`. */
  readonly deadline: number
}

/**
 * The part of a budget for one of several searches, of which some are still to come: what is drawn by
 * chance never ends by itself, so each gets its share. What is enumerated ends, and may take it all.
 */
export function shareOf(budget: Budget, ended: number, all: number, isEndless: boolean): Budget {
  if (!isEndless) return budget
  const left = all - ended
  const now = performance.now()
  return {
    schedules: Math.ceil(budget.schedules / left),
    deadline: now + (budget.deadline - now) / left,
  }
}
