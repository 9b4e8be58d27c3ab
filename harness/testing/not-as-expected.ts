/**
 * Says of a test that something is not as it has to be, in words that need nothing around them.
 *
 * @param file that it comes from: test runners and services show failures there, and not where they
 *   are noticed.
 */
export class NotAsExpected extends Error {
  override readonly name = 'NotAsExpected'

  constructor(message: string, file: string) {
    super(message)
    this.stack = `${this.name}: ${message}\n    at ${file}:1:1`
  }
}
