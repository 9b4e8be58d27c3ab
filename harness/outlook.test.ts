import { describe, expect, test } from 'vitest'
import { StepCounts } from './outlook.ts'
import type { Plan } from './plan.ts'
import type { RunRecord } from './run.ts'

const buy = { kind: 'buy' }
const look = { kind: 'look' }
const plan = (...actors: readonly (readonly { kind: string }[])[]): Plan => ({
  initial: {},
  actors,
  schedule: [],
  attempts: 3,
})

/** A run in which each actor did one command after the other, in so many steps each. */
function run(...actors: readonly (readonly [{ kind: string }, number])[][]): RunRecord {
  const request = { kind: 'sleep', ms: 0 } as const
  const reply = { kind: 'ok' } as const
  const history = actors.flatMap((commands, actor) =>
    commands.flatMap(([, steps], command) => [
      ...Array.from({ length: steps }, () => ({ kind: 'sent', actor, step: 1, request }) as const),
      { kind: 'replied', actor, command, reply } as const,
    ]),
  )
  const commands = actors.flatMap((all, actor) =>
    all.map(([command]) => ({ actor, command, reply, beganAt: 1, endedAt: 1 })),
  )
  return {
    history,
    observation: { initial: {}, commands, committed: [], final: {} },
    choices: [],
    steps: 1,
  }
}

describe('StepCounts', () => {
  test('guesses five steps for a command it has not seen', () => {
    expect(new StepCounts('mariadb').outlook(plan([buy], [buy, look]))).toEqual({
      engine: 'mariadb',
      steps: [5, 10],
    })
  })

  test('expects the most steps that a command of the kind has taken, whoever did it', () => {
    const counts = new StepCounts('mariadb')
    counts.learn(
      run(
        [[buy, 4]],
        [
          [look, 1],
          [buy, 7],
        ],
      ),
    )
    counts.learn(run([[buy, 2]]))
    expect(counts.outlook(plan([buy], [look, look], [buy, look]))).toEqual({
      engine: 'mariadb',
      steps: [7, 2, 8],
    })
  })
})
