import type { DatabaseServer, Engine } from '../harness/index.ts'

export interface Metric {
  readonly name: string
  readonly value: number
  readonly unit: 'ratio' | 'schedules/s'
  /** What the value must at least be. */
  readonly bar?: number
}

/** Measures something on a server that is the caller's. */
export type Measure = (engine: Engine, server: DatabaseServer, rounds: number) => Promise<Metric[]>

export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/** Milliseconds that `work` took. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

/** The first quarter is not counted: code is compiled and caches fill while it runs. */
export const warmUp = (rounds: number): number => Math.ceil(rounds / 4)
