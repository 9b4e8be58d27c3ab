import type { Exploration } from '../verdict.ts'

/** An exploration for programs: plain data, the shape of which docs/command-line.md describes. */
export function toJson(exploration: Exploration): object {
  if (exploration.verdict !== 'violated') return exploration
  const { counterexample, ...explored } = exploration
  const { run, ...described } = counterexample
  const { committed, final } = run.observation
  return {
    ...explored,
    counterexample: { ...described, history: run.history, committed, final },
  }
}
