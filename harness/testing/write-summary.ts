import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { describeThrown } from '../errors.ts'
import { renderPropertySummary, type PropertyRun } from '../report/property-summary.ts'

/**
 * Writes what a run of the properties has shown, as Markdown: to the file that LOCKSTEP_SUMMARY names,
 * or else to the summary of a step of GitHub Actions. There a shard writes nothing: it is a part only,
 * and whoever merges the reports of all shards writes the whole.
 *
 * @returns what is wrong, if it cannot be written.
 */
export function writeSummary(run: PropertyRun): string | undefined {
  const own = process.env['LOCKSTEP_SUMMARY'] || undefined
  const step = process.env['GITHUB_STEP_SUMMARY'] || undefined
  try {
    if (own !== undefined) {
      mkdirSync(dirname(own), { recursive: true })
      writeFileSync(own, renderPropertySummary(run))
    } else if (step !== undefined && !run.isPart) {
      appendFileSync(step, renderPropertySummary(run))
    }
    return undefined
  } catch (error) {
    return `The summary cannot be written: ${describeThrown(error)}`
  }
}
