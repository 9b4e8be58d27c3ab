import { Console } from 'node:console'

/** The result could not be written, so nobody knows it. */
export class OutputError extends Error {
  override readonly name = 'OutputError'
}

/** Standard output is for the result alone. What code under test logs goes where messages go. */
export function claimStandardOutput(): void {
  globalThis.console = new Console(process.stderr, process.stderr)
  // Every write reports its own failure; without a listener it would end the process as well.
  process.stdout.on('error', () => {})
  process.stderr.on('error', () => {})
}

/** Prints a text and ends its line: see {@link write}. */
export const print = (text: string): Promise<void> => write(`${text}\n`)

/**
 * Resolves when the text has been written, or when its reader has gone away, as with `| head`.
 *
 * @throws {OutputError} when it cannot be written.
 */
export function write(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => {
      if (!error || (error as NodeJS.ErrnoException).code === 'EPIPE') resolve()
      else reject(new OutputError(error.message))
    })
  })
}

export function printJson(document: unknown): Promise<void> {
  return print(JSON.stringify(document, undefined, 2))
}

export function complain(sentence: string): void {
  process.stderr.write(`lockstep: ${sentence}\n`)
}

const refreshMs = 100

/** One line on a terminal that is written over and over, and goes at the end. */
export class Progress {
  readonly #shown = process.stderr.isTTY
  #at = 0

  /** Shows a line, unless one was shown a moment ago. */
  show(line: () => string, now = performance.now()): void {
    if (!this.#shown || now - this.#at < refreshMs) return
    this.#at = now
    process.stderr.write(`\r\u001B[K${line()}`)
  }

  clear(): void {
    if (this.#shown && this.#at > 0) process.stderr.write('\r\u001B[K')
  }
}
