import { anomalies, type Anomaly } from './anomaly.ts'
import type { CaseResult } from './hermitage.ts'
import type { IsolationCase } from './isolation-case.ts'

/** What a level does about an anomaly, over all its cases. */
export type Cell =
  | 'prevented'
  /** Prevented for transactions that only read, seen once they write. */
  | 'reads only'
  | 'seen'
  | 'inconclusive'

/** A case, and what came of it or should. */
export interface CaseVerdict {
  readonly which: Pick<IsolationCase, 'anomaly' | 'victim'>
  readonly verdict: 'seen' | 'prevented' | 'inconclusive'
}

/** What several cases of one anomaly come to. */
export function cellOf(verdicts: readonly CaseVerdict[]): Cell {
  if (verdicts.some(({ verdict }) => verdict === 'inconclusive')) return 'inconclusive'
  const seen = verdicts.filter(({ verdict }) => verdict === 'seen')
  if (seen.length === 0) return 'prevented'
  const reading = verdicts.filter(({ which }) => which.victim === 'reads')
  const isReadOnly = reading.length > 0 && reading.every(({ verdict }) => verdict === 'prevented')
  return isReadOnly ? 'reads only' : 'seen'
}

/** One anomaly at one level. */
export interface AnomalyCell {
  readonly anomaly: Anomaly
  readonly expected: Cell
  readonly observed: Cell
}

export function cellsOf(results: readonly CaseResult[]): AnomalyCell[] {
  const run = anomalies.filter((anomaly) => results.some(({ which }) => which.anomaly === anomaly))
  return run.map((anomaly) => {
    const own = results.filter(({ which }) => which.anomaly === anomaly)
    return {
      anomaly,
      expected: cellOf(
        own.map(({ which, expected }) => ({ which, verdict: expected.judgement.verdict })),
      ),
      observed: cellOf(own.map(({ which, judgement }) => ({ which, verdict: judgement.verdict }))),
    }
  })
}
