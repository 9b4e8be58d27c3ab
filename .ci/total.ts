import { readFileSync } from 'node:fs'
import { relative } from 'node:path'

/** Adds up the results of several test runs and prints them as one line, after those that failed. */

interface Results {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly success: boolean
  readonly testResults: readonly FileResults[]
}

interface FileResults {
  readonly name: string
  readonly status: string
  /** Why the file as a whole has failed. */
  readonly message: string
  readonly assertionResults: readonly TestResult[]
}

interface TestResult {
  readonly fullName: string
  readonly status: string
  readonly failureMessages: readonly string[]
}

/** Of a failure's message, which may hold a whole counterexample. */
const mostLines = 12

const files = process.argv.slice(2)
const all = files.map((file) => JSON.parse(readFileSync(file, 'utf8')) as Results)
const sum = (count: (results: Results) => number): number =>
  all.reduce((total, results) => total + count(results), 0)

function failuresOf({ name, status, message, assertionResults }: FileResults): string[] {
  const where = relative(process.cwd(), name)
  const tests = assertionResults
    .filter((test) => test.status === 'failed')
    .map(
      (test) => `FAILED ${where}: ${test.fullName}\n${beginning(test.failureMessages.join('\n'))}`,
    )
  // One that cannot be loaded has no tests.
  if (tests.length > 0 || status !== 'failed') return tests
  return [`FAILED ${where}\n${beginning(message)}`]
}

const beginning = (message: string): string => message.split('\n').slice(0, mostLines).join('\n')

const passed = sum(({ numPassedTests }) => numPassedTests)
const failed = sum(({ numFailedTests }) => numFailedTests)
const skipped = sum(({ numPendingTests }) => numPendingTests)
if (failed > 0 || passed === 0 || all.some(({ success }) => !success)) process.exitCode = 1
for (const each of all.flatMap(({ testResults }) => testResults).flatMap(failuresOf)) {
  console.log(each)
}
console.log(`tests: ${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
