import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { statement, type SqlValue } from '../databases/statement.ts'
import { newDatabaseName } from '../databases/engines/database-name.ts'
import { ReplayDivergence } from '../errors.ts'
import { programArbitrary, runProgram } from '../explorers/laws.ts'
import { random } from '../explorers/random.ts'
import type { Choice, ChoicePoint } from '../scheduler/choice.ts'
import type { Step } from '../session.ts'
import { replaying, traceOf } from './trace.ts'

const sql = (parts: readonly string[], ...params: readonly SqlValue[]): Step => ({
  kind: 'statement',
  statement: statement(parts, params),
})
const begin = sql(['BEGIN'])
const commit = sql(['COMMIT'])
const read = (id: number): Step => sql(['SELECT stock FROM product WHERE id = ', ''], id)

/** The scheduling point before a step, from what each enabled actor is at. */
const point = (step: number, ...at: readonly (readonly [actor: number, Step])[]): ChoicePoint => ({
  step,
  enabled: at.map(([actor]) => actor),
  requests: at.map(([, request]) => request),
})

const recorded: readonly ChoicePoint[] = [
  point(1, [0, begin], [1, begin]),
  point(2, [0, read(1)], [1, begin]),
  point(3, [1, begin], [0, { kind: 'sleep', ms: 10 }]),
]
const choices = [0, 1, 1]
const trace = traceOf(
  recorded.map((each, index): Choice => ({ point: each, chosen: choices[index]! })),
)

/** What a replay of the recording says to a run that has these points. */
function replayOf(points: readonly ChoicePoint[]) {
  const { choose, finish } = replaying(choices, trace)
  const chosen = points.map((each) => choose(each))
  finish()
  return chosen
}

describe('a trace', () => {
  test('has a number of sixteen bits for each scheduling point', () => {
    expect(trace).toHaveLength(3)
    for (const number of trace) {
      expect(Number.isInteger(number)).toBe(true)
      expect(number).toBeGreaterThanOrEqual(0)
      expect(number).toBeLessThanOrEqual(0xffff)
    }
  })

  test('does not depend on which database of its own a run has', () => {
    const [one, other, another] = [newDatabaseName(), newDatabaseName(), 'lockstep_demo'].map(
      (name) => {
        const columns = sql([`SELECT column_name FROM columns WHERE table_schema = '${name}'`])
        return traceOf([{ point: point(1, [0, columns]), chosen: 0 }])
      },
    )
    expect(one).toEqual(other)
    expect(one).not.toEqual(another)
  })

  test('does not depend on how a statement is broken into lines', () => {
    const inOneLine = point(1, [0, sql(['SELECT id FROM product'])])
    const inTwo = point(1, [0, sql(['\n    SELECT id\n    FROM product'])])
    expect(traceOf([{ point: inOneLine, chosen: 0 }])).toEqual(
      traceOf([{ point: inTwo, chosen: 0 }]),
    )
  })
})

describe('a replay', () => {
  test('makes the recorded choices as long as all is as it was', () => {
    expect(replayOf(recorded)).toEqual([0, 1, 1])
  })

  test('chooses 0 where the schedule has ended and the trace goes on', () => {
    const { choose, finish } = replaying([], trace)
    expect(recorded.map((each) => choose(each))).toEqual([0, 0, 0])
    expect(finish).not.toThrow()
  })

  test('follows every run to its end', () => {
    fc.assert(
      fc.property(programArbitrary(3, 4), random.schedule, (program, schedule) => {
        const run = runProgram(program, random.chooser(schedule, { engine: 'postgres', steps: [] }))
        const made = run.choices.map(({ chosen }) => chosen)
        const { choose, finish } = replaying(made, traceOf(run.choices))
        const again = runProgram(program, choose)
        finish()
        expect(again).toEqual(run)
      }),
    )
  })

  test.each([
    {
      name: 'another statement',
      differing: point(2, [0, read(2)], [1, begin]),
      now: 'A is at SELECT stock FROM product WHERE id = 2, B is at BEGIN',
    },
    {
      name: 'the same statement of another actor',
      differing: point(2, [0, read(1)], [2, begin]),
      now: 'A is at SELECT stock FROM product WHERE id = 1, C is at BEGIN',
    },
    {
      name: 'an actor less',
      differing: point(2, [1, begin]),
      now: 'B is at BEGIN',
    },
    {
      name: 'an actor more',
      differing: point(2, [0, read(1)], [1, begin], [2, { kind: 'sleep', ms: 5 }]),
      now: 'A is at SELECT stock FROM product WHERE id = 1, B is at BEGIN, C is at sleep(5 ms)',
    },
    {
      name: 'another turn',
      differing: point(2, [1, begin], [0, read(1)]),
      now: 'B is at BEGIN, A is at SELECT stock FROM product WHERE id = 1',
    },
  ])('stops at $name, and says what is there', ({ differing, now }) => {
    expect(() => replayOf([recorded[0]!, differing, recorded[2]!])).toThrow(
      new ReplayDivergence(
        `The replay differs from the recording at step 2, where now ${now}: the strategy, its tables or the database have changed since.`,
        2,
      ),
    )
  })

  test('stops at another sleep', () => {
    const longer = point(3, [1, begin], [0, { kind: 'sleep', ms: 20 }])
    expect(() => replayOf([...recorded.slice(0, 2), longer])).toThrow(
      new ReplayDivergence(
        'The replay differs from the recording at step 3, where now B is at BEGIN, A is at sleep(20 ms): the strategy, its tables or the database have changed since.',
        3,
      ),
    )
  })

  test('stops where the run goes on after the recorded end', () => {
    expect(() => replayOf([...recorded, point(4, [0, commit])])).toThrow(
      new ReplayDivergence(
        'The replay goes on after the 3 steps that were recorded: A is at COMMIT.',
        4,
      ),
    )
  })

  test.each([0, 1, 2])('is refused at its end when the run ended after %i steps', (steps) => {
    expect(() => replayOf(recorded.slice(0, steps))).toThrow(
      new ReplayDivergence(
        `The replay ended after ${steps} of the 3 steps that were recorded.`,
        steps + 1,
      ),
    )
  })
})
