import { describe, expect, test } from 'vitest'
import { sql, Story } from '../report/fixtures/story.ts'
import { leavesChoice } from './database-choice.ts'

const update = sql`UPDATE product SET stock = 0 WHERE id = 1`

/** A has written the row. */
const written = (): Story => new Story().begins(0).sends(0, update).writes(0, 1)

describe('the database chooses', () => {
  test('where a commit lets go of one of two who waited for it', () => {
    const { events } = written()
      .sends(1, update)
      .waits(1, 0)
      .sends(2, update)
      .waits(2, 0)
      .commits(0)
      .resumes(1)
      .waits(2, 1)
    expect(leavesChoice(events)).toBe(true)
  })

  test('where the second waits for the first, who may be overtaken', () => {
    const { events } = written()
      .sends(1, update)
      .waits(1, 0)
      .sends(2, update)
      .waits(2, 1)
      .commits(0)
      .resumes(1)
    expect(leavesChoice(events)).toBe(true)
  })
})

describe('the database does not choose', () => {
  test('where only one waited', () => {
    const { events } = written()
      .sends(1, update)
      .waits(1, 0)
      .commits(0)
      .resumes(1)
      .sends(2, update)
      .waits(2, 1)
      .commits(1)
      .resumes(2)
    expect(leavesChoice(events)).toBe(false)
  })

  test('where those who wait go on waiting', () => {
    const { events } = written()
      .sends(1, update)
      .waits(1, 0)
      .sends(2, update)
      .waits(2, 0)
      .sends(0, update)
      .writes(0, 1)
    expect(leavesChoice(events)).toBe(false)
  })

  test('where two waited for different actors', () => {
    const { events } = written()
      .begins(3)
      .sends(3, update)
      .writes(3, 1)
      .sends(1, update)
      .waits(1, 0)
      .sends(2, update)
      .waits(2, 3)
      .commits(0)
      .resumes(1)
    expect(leavesChoice(events)).toBe(false)
  })

  test('where a fault ends the wait of the one for whom two others wait', () => {
    const { events } = written()
      .sends(1, update)
      .waits(1, 0)
      .sends(2, update)
      .waits(2, 1)
      .sends(3, update)
      .waits(3, 1)
      .isStruck(1, 'lock-timeout')
      .resumes(1)
      .waits(2, 0)
      .waits(3, 0)
    expect(leavesChoice(events)).toBe(false)
  })
})
