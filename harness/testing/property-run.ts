import type { SerializedError } from 'vitest'
import type { TestCase, TestModule } from 'vitest/node'
import type { PropertyResult, PropertyRun } from '../report/property-summary.ts'
import './record.ts'

/**
 * All that a test run has to tell, from what the test runner keeps of it: the same in the run itself and
 * where the reports of shards are merged.
 */
export function propertyRun(
  modules: readonly TestModule[],
  errors: readonly SerializedError[],
  isInterrupted = false,
): PropertyRun {
  const cases = modules.flatMap((module) => [...module.children.allTests()])
  return {
    results: cases.map(resultOf),
    faults: [...modules.flatMap(faultsOf), ...errors.map(({ message }) => message)],
    isInterrupted,
    seeds: [...new Set(cases.flatMap((each) => each.meta().seed ?? []))],
  }
}

function resultOf(testCase: TestCase): PropertyResult {
  const result = testCase.result()
  const records = testCase.meta().lockstep ?? []
  const errors = (result.errors ?? []).map(({ name = 'Error', message }) => ({ name, message }))
  // One that has not ended has not been run: the run was interrupted, or a hook has failed.
  const state = result.state === 'pending' ? 'skipped' : result.state
  const skipped = result.state === 'skipped' ? result.note : undefined
  return {
    name: testCase.fullName,
    state,
    ...(skipped !== undefined && { skipped }),
    errors,
    records,
  }
}

function faultsOf(module: TestModule): readonly string[] {
  const suites = [module, ...module.children.allSuites()]
  return suites.flatMap((suite) => suite.errors().map(({ message }) => message))
}
