import { indent, pageWidth, wrap } from '../report/layout.ts'
import { engineTitles } from '../report/text.ts'
import type { CaseRun } from './case-run.ts'
import { observe, type Observed } from './course.ts'
import type { CaseResult, LevelResult } from './hermitage.ts'
import type { Judgement } from './judge.ts'
import { showValues } from './script.ts'
import { transcriptOf } from './transcript.ts'

/** The cases of a level that did not go as expected, each with all that happened. */
export const renderRemarks = (level: LevelResult): string[] =>
  level.cases
    .filter(({ wentAs }) => wentAs !== 'expected')
    .map((result) => renderRemark(level, result))

function renderRemark(level: LevelResult, { which, expected, judgement, run, wentAs }: CaseResult) {
  const where = `${which.name} on ${describeDatabase(level)} at ${level.isolation}`
  const transcript = run ? renderTranscript(run) : []
  if (judgement.verdict === 'inconclusive') {
    const title = indent(`INCONCLUSIVE  ${where}`, 0)
    return [title, indent(judgement.reason, 2), ...transcript].join('\n')
  }
  const earlier = wentAs === 'earlier versions' ? expected.earlier : undefined
  return [
    indent(`${earlier ? 'AS IN EARLIER VERSIONS' : 'DIFFERENT'}  ${where}`, 0),
    indent(which.summary, 2),
    ...transcript,
    describeCourse('expected', expected.judgement, expected),
    ...(run ? [describeCourse('observed', judgement, observe(run))] : []),
    ...(earlier ? [indent(earlier.why, 2)] : []),
  ].join('\n')
}

function renderTranscript(run: CaseRun): string[] {
  const lines = transcriptOf(run)
  const widest = Math.max(...lines.map(({ statement }) => statement.length))
  const margin = 4 + 4 + widest + 2
  const shown = lines.flatMap(({ session, statement, result }) =>
    wrap(result, pageWidth - margin).map((text, index) =>
      (index === 0
        ? `    ${session}  ${statement.padEnd(widest)}  ${text}`
        : `${' '.repeat(margin)}${text}`
      ).trimEnd(),
    ),
  )
  return [...shown, `    in the end: ${showValues(run.final)}`]
}

function describeCourse(title: string, judgement: Judgement, observed: Observed): string {
  const errors = Object.entries(observed.errors).map(([label, error]) => `${label} ${error}`)
  const parts = [
    judgement.verdict === 'prevented' ? `prevented by ${judgement.by}` : judgement.verdict,
    `waits: ${observed.waits.join(', ') || 'none'}`,
    `errors: ${errors.join(', ') || 'none'}`,
    `reads: ${observed.reads.map((rows) => (rows === 'none' ? 'not run' : showValues(rows))).join(', ')}`,
    `in the end: ${showValues(observed.final)}`,
  ]
  return indent(`${title}: ${parts.join('; ')}`, 2)
}

export function describeDatabase({ database, snapshotIsolation }: LevelResult): string {
  const { engine, version, provider } = database
  const setting =
    snapshotIsolation === undefined
      ? ''
      : `, snapshot isolation ${snapshotIsolation ? 'on' : 'off'}`
  return `${engineTitles[engine]} ${version} (${provider})${setting}`
}
