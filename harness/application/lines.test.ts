import { describe, expect, test } from 'vitest'
import { StrategyFault, whereThrown } from '../errors.ts'
import { startLines, type Lines } from './lines.ts'

/** A program that does with each question, `id` and `ask`, what the script says. */
const answering = (script: string): Promise<Lines> =>
  startLines({
    command: [
      process.execPath,
      '-e',
      `const answer = (value) => console.log(JSON.stringify(value))
       require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
         const { id, ask } = JSON.parse(line)
         ${script}
       })`,
    ],
  })

const withLines = async (script: string, act: (lines: Lines) => Promise<void>): Promise<void> => {
  const lines = await answering(script)
  try {
    await act(lines)
  } finally {
    await lines.stop()
  }
}

const failureOf = (asked: Promise<unknown>): Promise<Error> =>
  asked.then(
    () => expect.fail('it was answered'),
    (error: Error) => error,
  )

describe.concurrent('a program that is asked', () => {
  test('gives each question its own answer, in whatever order', () =>
    withLines(
      `setTimeout(() => answer({ id, answer: { said: ask } }), 100 - ask.wait)`,
      async (lines) => {
        const questions = [{ wait: 0 }, { wait: 90, text: 'größer\n' }]
        const answers = await Promise.all(questions.map((each) => lines.ask(each)))
        expect(answers).toEqual(questions.map((said) => ({ said })))
      },
    ))

  test('may answer with nothing', () =>
    withLines(`answer({ id, answer: null })`, async (lines) => {
      expect(await lines.ask('well?')).toBeNull()
    }))

  test('may fail, and what it says of the error is in the error', () =>
    withLines(
      `answer({ id, error: { message: 'deadlock detected', code: '40P01' } })`,
      async (lines) => {
        const error = await failureOf(lines.ask(1))
        expect(error).not.toBeInstanceOf(StrategyFault)
        expect(error).toMatchObject({ message: 'deadlock detected', code: '40P01' })
        expect(whereThrown(error)).toBe('')
        // It has failed at one question, and goes on.
        expect(await failureOf(lines.ask(2))).toMatchObject({ code: '40P01' })
      },
    ))

  test('ends at stop(), and is not asked any more', async () => {
    const lines = await answering(`answer({ id, answer: process.pid })`)
    const pid = await lines.ask<number>('who?')
    await lines.stop()
    await lines.stop()
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')
    const error = await failureOf(lines.ask('who?'))
    expect(error.message).toMatch(/^".*" was asked after it was stopped\.$/s)
  })
})

describe.concurrent('a program that does not answer', () => {
  test('because it has ended, says so with its last words', () =>
    withLines(`console.error('no module named psycopg'); process.exit(4)`, async (lines) => {
      const errors = await Promise.all([1, 2].map((each) => failureOf(lines.ask(each))))
      for (const error of [...errors, await failureOf(lines.ask(3))]) {
        expect(error).toBeInstanceOf(StrategyFault)
        expect(error.message).toMatch(
          /^".*" ended with exit code 4 without an answer\. The last it printed:\nno module named psycopg$/s,
        )
      }
      expect(lines.output).toBe('no module named psycopg\n')
    }))

  test.for([
    ['console.log("connected")', '"connected"'],
    ['console.log("null")', '"null"'],
    ['answer({ id })', '"{\\"id\\":1}"'],
    ['answer({ id: id + 1, answer: 1 })', '"{\\"id\\":2,\\"answer\\":1}"'],
    ['answer({ id, error: { message: 1 } })', '"{\\"id\\":1,\\"error\\":{\\"message\\":1}}"'],
    ['answer({ id, error: "no" })', '"{\\"id\\":1,\\"error\\":\\"no\\"}"'],
  ])('but prints something else is told so: %s', ([script, shown]) =>
    withLines(script!, async (lines) => {
      const error = await failureOf(lines.ask('?'))
      expect(error).toBeInstanceOf(StrategyFault)
      expect(error.message).toContain(
        `" printed ${JSON.stringify(JSON.parse(shown!))}: each line has to be an answer, as {"id":1,"answer":…} is to {"id":1,"ask":…}; what else it has to say belongs on its standard error. It printed nothing.`,
      )
      expect(await failureOf(lines.ask('?'))).toBe(error)
    }),
  )
})
