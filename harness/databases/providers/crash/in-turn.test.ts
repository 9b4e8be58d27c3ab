import { expect, test } from 'vitest'
import { inTurn } from './in-turn.ts'

test('what is asked for at once is done one after the other, even after a failure', async () => {
  const running: string[] = []
  let times = 0
  const act = inTurn(async () => {
    const time = ++times
    running.push(`begin ${time}`)
    await Promise.resolve()
    running.push(`end ${time}`)
    if (time === 1) throw new Error('failed')
  })
  const outcomes = await Promise.allSettled([act(), act(), act()])
  expect(running).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2', 'begin 3', 'end 3'])
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
})
