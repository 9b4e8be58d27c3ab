import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Lane } from '../databases/engine.ts'
import { openLane } from '../testing/lane.ts'
import { observe } from './course.ts'
import { prepareForScripts, runScript } from './run-script.ts'
import { all, id, t1, t2, t3, valueIs } from './script.ts'
import { transcriptOf } from './transcript.ts'

describe('a script', () => {
  let lane: Lane
  beforeAll(async () => {
    lane = await openLane('repeatable-read')
    await prepareForScripts(lane)
  })
  afterAll(() => lane?.close())

  test('is done in its order, whoever goes next', async () => {
    const run = await runScript(lane, [
      t3.read(id(1)),
      t1.set(id(1), 11),
      t3.read(all),
      t2.set(id(2), 22),
      t1.commit,
      t2.commit,
      t3.commit,
    ])
    const order = transcriptOf(run).map(({ session, statement }) => `${session} ${statement}`)
    expect(order).toEqual([
      'T1 BEGIN',
      'T2 BEGIN',
      'T3 BEGIN',
      'T3 SELECT * FROM test WHERE id = 1',
      'T1 UPDATE test SET value = 11 WHERE id = 1',
      'T3 SELECT * FROM test',
      'T2 UPDATE test SET value = 22 WHERE id = 2',
      'T1 COMMIT',
      'T2 COMMIT',
      'T3 COMMIT',
    ])
    expect(run.final).toEqual({ 1: 11, 2: 22 })
  })

  test('does what waited as soon as it can, and rolls back what was refused', async () => {
    const run = await runScript(lane, [
      t1.set(id(1), 11),
      t2.delete(valueIs(10)),
      t2.read(all),
      t1.add(id(1), 1),
      t1.commit,
      t2.commit,
      t2.read(all),
    ])
    expect(observe(run)).toEqual({
      waits: ['d2[value=10]'],
      errors: { 'd2[value=10]': '40001w' },
      reads: ['none', { 1: 12, 2: 20 }],
      final: { 1: 12, 2: 20 },
    })
    expect(run.steps.map(({ outcome }) => outcome.kind)).toEqual([
      'done',
      'refused',
      'not run',
      'done',
      'done',
      'rolled back',
      'rows',
    ])
    expect(
      transcriptOf(run).map(({ session, statement, result }) => [session, statement, result]),
    ).toEqual([
      ['T1', 'BEGIN', ''],
      ['T2', 'BEGIN', ''],
      ['T1', 'UPDATE test SET value = 11 WHERE id = 1', '1 row'],
      ['T2', 'DELETE FROM test WHERE value = 10', '(waits)'],
      ['T1', 'UPDATE test SET value = value + 1 WHERE id = 1', '1 row'],
      ['T1', 'COMMIT', ''],
      [
        'T2',
        '... DELETE FROM test WHERE value = 10',
        'error 40001: could not serialize access due to concurrent update',
      ],
      ['T2', 'ROLLBACK', ''],
      ['T2', 'SELECT * FROM test', '(1,12) (2,20)'],
    ])
  })

  test('begins with the same rows each time', async () => {
    const script = [t1.insert(3, 30), t1.delete(id(1, 2)), t1.read(all), t1.commit]
    for (let round = 0; round < 3; round++) {
      const { final } = await runScript(lane, [t1.read(all), ...script])
      expect(final).toEqual({ 3: 30 })
    }
  })

  test('that cannot be followed is a fault, and the lane goes on', async () => {
    // T1 never commits, so T2 waits for it until somebody has had enough.
    const standstill = [t1.set(id(1), 11), t2.set(id(1), 12), t2.commit]
    await expect(runScript(lane, standstill, AbortSignal.timeout(500))).rejects.toThrow(
      'The run was interrupted.',
    )
    const { final } = await runScript(lane, [t1.set(id(1), 11), t1.abort])
    expect(final).toEqual({ 1: 10, 2: 20 })
  })
})
