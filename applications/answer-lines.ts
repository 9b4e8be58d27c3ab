import { createInterface } from 'node:readline'

/**
 * Has a program answer what it is asked on its standard input, one line each, as `startLines` says. What
 * `answer` throws is answered as an error, with its code.
 */
export function answerLines(answer: (ask: unknown) => Promise<unknown>): void {
  // What a library has to say must not come among the answers.
  console.log = console.error
  createInterface({ input: process.stdin }).on('line', (line) => {
    const { id, ask } = JSON.parse(line) as { readonly id: number; readonly ask: unknown }
    const say = (said: object): boolean =>
      process.stdout.write(`${JSON.stringify({ id, ...said })}\n`)
    answer(ask).then(
      (answered) => say({ answer: answered }),
      (error: Error) => say({ error: Object.assign({ message: error.message }, error) }),
    )
  })
}
