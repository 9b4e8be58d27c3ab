import type { SerializedError } from 'vitest'
import type { TestCase, TestModule, Vitest } from 'vitest/node'
import type { PropertyResult, PropertyRun } from '../report/property-summary.ts'

/** What the test runner hands to reporters in the end, and keeps. */
export interface Ended {
  readonly vitest: Vitest
  readonly modules: readonly TestModule[]
  readonly errors: readonly SerializedError[]
  readonly isInterrupted?: boolean
}

/**
 * All that a test run has to tell, from what the test runner keeps of it: the same in the run itself and
 * where the reports of shards are merged.
 */
export function propertyRun({
  vitest,
  modules,
  errors,
  isInterrupted = false,
}: Ended): PropertyRun {
  const cases = modules.flatMap((module) => [...module.children.allTests()])
  return {
    results: cases.map(resultOf),
    faults: [...modules.flatMap(faultsOf), ...errors.map(({ message }) => message)],
    isInterrupted,
    isPart: vitest.config.shard !== undefined,
    seeds: [...new Set(cases.flatMap((each) => each.meta().seed ?? []))],
  }
}

function resultOf(testCase: TestCase): PropertyResult {
  const result = testCase.result()
  const errors = (result.errors ?? []).map(({ name = 'Error', message }) => ({ name, message }))
  const skipped = result.state === 'skipped' ? result.note : undefined
  return {
    name: testCase.fullName,
    // One that has not ended has not been run: the run was interrupted, or a hook has failed.
    state: result.state === 'pending' ? 'skipped' : result.state,
    ...(skipped !== undefined && { skipped }),
    errors,
    records: testCase.meta().lockstep ?? [],
  }
}

function faultsOf(module: TestModule): readonly string[] {
  const suites = [module, ...module.children.allSuites()]
  return suites.flatMap((suite) => suite.errors().map(({ message }) => message))
}
