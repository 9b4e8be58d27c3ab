/**
 * The door of the harness for tests: properties of strategies and workloads, for vitest.
 *
 * @module lockstep/vitest
 */

export { testStrategy, type StrategyTestOptions } from './test-strategy.ts'
export { workloadLaws } from '../workloads/laws.ts'
