import { readFileSync } from 'node:fs'

/** Adds up the results of several test runs and prints them as one line. */

interface Results {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly success: boolean
}

const files = process.argv.slice(2)
const all = files.map((file) => JSON.parse(readFileSync(file, 'utf8')) as Results)
const sum = (count: (results: Results) => number): number =>
  all.reduce((total, results) => total + count(results), 0)

const passed = sum(({ numPassedTests }) => numPassedTests)
const failed = sum(({ numFailedTests }) => numFailedTests)
const skipped = sum(({ numPendingTests }) => numPendingTests)
if (failed > 0 || passed === 0 || all.some(({ success }) => !success)) process.exitCode = 1
console.log(`tests: ${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
