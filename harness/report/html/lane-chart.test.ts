import { describe, expect, test } from 'vitest'
import { ok } from '../../reply.ts'
import { sql, Story } from '../fixtures/story.ts'
import { lanesOf } from '../lanes.ts'
import { chartOf } from './lane-chart.ts'
import type { LaneChart, LaneItem } from './report-view.ts'

const chart = (story: Story, commands: string[][] = [[], []]): LaneChart =>
  chartOf(commands.length, lanesOf(commands, story.events))

/** `A0 statement`: whose it is, in which row, and what. */
const brief = (item: LaneItem): string => `${'ABC'[item.lane] ?? ''}${item.row} ${item.kind}`

const update = sql`UPDATE product SET stock = stock - ${1} WHERE id = ${1}`
const deadlock = { errorClass: 'deadlock', code: '40P01', message: 'deadlock detected' } as const

describe('a chart', () => {
  test('writes what follows on a statement at once into its box', () => {
    const story = new Story()
      .sends(0, sql`SELECT stock FROM product`)
      .returns(0, [{ stock: 2 }])
      .sends(0, update)
      .fails(0, { errorClass: 'check violation', code: '23514', message: 'no' })
    const { lanes, items, rows } = chart(story)
    expect(lanes).toEqual(['A', 'B'])
    expect(items.map(brief)).toEqual(['A0 statement', 'A1 statement'])
    expect(items[0]).toMatchObject({ step: 1, results: ['stock 2'] })
    expect(items[1]).toMatchObject({ step: 2, error: 'check violation (23514): no' })
    expect(rows).toBe(2)
  })

  test('gives a fault a place of its own, and what comes of it a box after it', () => {
    const story = new Story()
      .sends(0, update)
      .isStruck(0, 'answer-lost', false)
      .fails(0, { errorClass: 'connection lost', code: 'none', message: 'gone' }, 'none')
      .reconnects(0)
    const { items } = chart(story)
    expect(items.map(brief)).toEqual(['A0 statement', 'A1 remark', 'A2 outcome', 'A3 remark'])
    expect(items[1]).toMatchObject({
      text: 'fault: the connection breaks before its answer; it was refused',
    })
    expect(items[2]).toMatchObject({ step: 1, error: 'connection lost (none): gone' })
    expect(items[3]).toMatchObject({ text: 'a new connection' })
  })

  test('draws a wait from where it begins to where the statement goes on', () => {
    const story = new Story()
      .sends(0, update)
      .writes(0, 1)
      .sends(1, update)
      .waits(1, 0)
      .sends(0, sql`COMMIT`)
      .writes(0, 0, 'none')
      .replies(0, ok())
      .resumes(1)
      .writes(1, 1)
    const { items, rows } = chart(story, [['buy'], ['buy']])
    expect(items.map(brief)).toEqual([
      'A0 command',
      'A1 statement',
      'B2 command',
      'B3 statement',
      'B4 wait',
      'A5 statement',
      'A6 reply',
      'B7 outcome',
    ])
    expect(items[4]).toMatchObject({ row: 4, to: 7, for: [0], ended: true })
    expect(items[7]).toMatchObject({ step: 2, resumed: true, results: ['1 written'] })
    expect(rows).toBe(8)
  })

  test('draws a wait that never ends down to the last row', () => {
    const story = new Story().sends(1, update).waits(1, 0).sends(0, update).writes(0, 1)
    const { items, rows } = chart(story)
    expect(items[1]).toMatchObject({ kind: 'wait', row: 1, to: rows, ended: false })
    expect(rows).toBe(3)
  })

  test('draws two waits where somebody waits for another one next', () => {
    const story = new Story()
      .sends(2, update)
      .waits(2, 0)
      .sends(0, sql`COMMIT`)
      .writes(0, 0, 'none')
      .waits(2, 1)
      .sends(1, sql`COMMIT`)
      .writes(1, 0, 'none')
      .resumes(2)
      .writes(2, 1)
    const waits = chart(story, [[], [], []]).items.filter(({ kind }) => kind === 'wait')
    expect(waits).toMatchObject([
      { row: 1, to: 3, for: [0] },
      { row: 3, to: 5, for: [1] },
    ])
  })

  test('ends the wait of a victim with its error', () => {
    const story = new Story().sends(1, update).waits(1, 0).resumes(1).fails(1, deadlock)
    expect(chart(story).items[2]).toMatchObject({
      kind: 'outcome',
      error: 'deadlock (40P01): deadlock detected',
      results: [],
    })
  })

  test('tells what is sent together, and what came of each', () => {
    const story = new Story().sends(0, update).sendsAlong(1, update).writes(0, 1).writes(1, 0)
    expect(chart(story).items).toMatchObject([
      { kind: 'statement', lane: 0, step: 1, together: [] },
      { kind: 'statement', lane: 1, step: 1, together: [0] },
      { kind: 'outcome', lane: 0, step: 1, resumed: false, results: ['1 written'] },
      { kind: 'outcome', lane: 1, step: 1, resumed: false, results: ['nothing written'] },
    ])
  })

  test('tells where a statement stops before its first row', () => {
    const story = new Story().sends(0, update).stops(0, update).goesOn(0, update).writes(0, 1)
    expect(chart(story).items).toMatchObject([
      { kind: 'statement', stopped: true, results: [] },
      { kind: 'statement', text: 'UPDATE goes on', results: ['1 written'] },
    ])
  })
})
