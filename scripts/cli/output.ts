/** Ends quietly when the reader of a pipe goes away, as with `| head`. */
export function tolerateClosedPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit()
    throw error
  })
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

export function printJson(document: unknown): void {
  print(JSON.stringify(document, undefined, 2))
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
