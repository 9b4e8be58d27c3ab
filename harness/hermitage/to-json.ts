import { cellsOf } from './cell.ts'
import { observe } from './course.ts'
import {
  hermitageVerdict,
  type CaseResult,
  type HermitageResult,
  type LevelResult,
} from './hermitage.ts'
import { serialOrder } from './serial-order.ts'
import { transcriptOf } from './transcript.ts'

/** The suite's results for programs: plain data, the shape of which docs/hermitage.md describes. */
export const hermitageToJson = (result: HermitageResult): object => ({
  verdict: hermitageVerdict(result),
  levels: result.levels.map(levelToJson),
  notRun: result.notRun,
})

const levelToJson = ({ cases, ...level }: LevelResult): object => ({
  ...level,
  anomalies: Object.fromEntries(
    cellsOf(cases).map(({ anomaly, expected, observed }) => [anomaly, { expected, observed }]),
  ),
  cases: cases.map(caseToJson),
})

function caseToJson({ which, expected, judgement, run, wentAs }: CaseResult): object {
  const { judgement: expectedJudgement, earlier, ...course } = expected
  return {
    case: which.name,
    anomaly: which.anomaly,
    wentAs: wentAs ?? null,
    ...(wentAs === 'earlier versions' && { why: earlier?.why }),
    expected: { ...expectedJudgement, ...course },
    observed: {
      ...judgement,
      ...(run && {
        ...observe(run),
        serialOrder: serialOrder(run) ?? null,
        transcript: transcriptOf(run),
      }),
    },
  }
}
