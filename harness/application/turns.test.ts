import { describe, expect, test } from 'vitest'
import { Turns } from './turns.ts'

/** Asks for turns, and says who has begun. */
function asking() {
  const turns = new Turns<string>()
  const begun: string[] = []
  const take = (holder: string): Promise<void> =>
    turns.take(holder).then(() => {
      begun.push(holder)
    })
  return { turns, begun, take }
}

const later = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('Turns', () => {
  test('lets one begin at a time, in the order of asking', async () => {
    const { turns, begun, take } = asking()
    for (const holder of ['A', 'C', 'B']) void take(holder)
    await later()
    expect(begun).toEqual(['A'])
    turns.give('A')
    await later()
    expect(begun).toEqual(['A', 'C'])
    turns.give('C')
    await later()
    expect(begun).toEqual(['A', 'C', 'B'])
    expect(turns.holder).toBe('B')
  })

  test('lets who has the turn go on', async () => {
    const { begun, take } = asking()
    await take('A')
    await take('A')
    expect(begun).toEqual(['A', 'A'])
  })

  test('is given by nobody but who has it', async () => {
    const { turns, begun, take } = asking()
    await take('A')
    void take('B')
    turns.give('B')
    turns.give('C')
    await later()
    expect(begun).toEqual(['A'])
    expect(turns.holder).toBe('A')
  })

  test('is nobody’s when it was given and nobody waits', async () => {
    const { turns, take } = asking()
    await take('A')
    turns.give('A')
    expect(turns.holder).toBeUndefined()
  })
})
