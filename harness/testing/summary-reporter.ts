import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { SerializedError } from 'vitest'
import type { Reporter, TestModule, TestRunEndReason, Vitest } from 'vitest/node'
import { describeThrown } from '../errors.ts'
import { renderPropertySummary } from '../report/property-summary.ts'
import { propertyRun } from './property-run.ts'

/**
 * Writes what a run of the properties has shown, as Markdown: to the file that LOCKSTEP_SUMMARY names,
 * or else to the summary of a step of GitHub Actions. There a shard writes nothing: it is a part only,
 * and whoever merges the reports of all shards writes the whole.
 */
export default class SummaryReporter implements Reporter {
  #vitest: Vitest | undefined

  onInit(vitest: Vitest): void {
    this.#vitest = vitest
  }

  onTestRunEnd(
    modules: readonly TestModule[],
    errors: readonly SerializedError[],
    reason: TestRunEndReason,
  ): void {
    if (!modules.some(({ project }) => project.name === 'props')) return
    const isPart = this.#vitest?.config.shard !== undefined
    const own = process.env['LOCKSTEP_SUMMARY'] || undefined
    const step = isPart ? undefined : process.env['GITHUB_STEP_SUMMARY'] || undefined
    if (own === undefined && step === undefined) return
    const summary = renderPropertySummary(propertyRun(modules, errors, reason === 'interrupted'))
    try {
      if (own !== undefined) {
        mkdirSync(dirname(own), { recursive: true })
        writeFileSync(own, summary)
      } else if (step !== undefined) appendFileSync(step, summary)
    } catch (error) {
      this.#vitest?.logger.error(`The summary cannot be written: ${describeThrown(error)}`)
    }
  }
}
