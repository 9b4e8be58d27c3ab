import type { SerializedError } from 'vitest'
import type { Reporter, TestModule, TestRunEndReason, Vitest } from 'vitest/node'
import { propertyRun } from './property-run.ts'
import { writeSummary } from './write-summary.ts'

/** Writes a summary when properties have been run: see {@link writeSummary}. */
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
    const vitest = this.#vitest
    if (!vitest || !modules.some(({ project }) => project.name === 'props')) return
    const isInterrupted = reason === 'interrupted'
    const problem = writeSummary(propertyRun({ vitest, modules, errors, isInterrupted }))
    if (problem !== undefined) vitest.logger.error(problem)
  }
}
