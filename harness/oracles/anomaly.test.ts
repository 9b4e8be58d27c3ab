import { describe, expect, test } from 'vitest'
import type { EngineName } from '../databases/engine-name.ts'
import type { Rows } from '../databases/engine.ts'
import type { IsolationLevel } from '../databases/isolation.ts'
import type { ActorId } from '../history.ts'
import { aborted, ok, rejected, unknown } from '../reply.ts'
import { sql, Story } from '../report/fixtures/story.ts'
import { anomalyNames, definitions, type AnomalyName } from './anomaly-names.ts'
import { anomalyOf, type Anomaly, type AnomalyContext } from './anomaly.ts'
import type { SerialEquivalence } from './serial-equivalence.ts'

const initial: Rows = {
  item: [
    { id: 1, value: 5 },
    { id: 2, value: 7 },
    { id: 3, value: 9 },
  ],
  entry: [],
}

/** A history in which two or three read and write the rows of a table, and make rows of another. */
class Play extends Story {
  reads(actor: ActorId, id: number, value: number): this {
    return this.sends(actor, sql`SELECT value FROM item WHERE id = ${id}`).returns(actor, [
      { value },
    ])
  }

  sets(actor: ActorId, id: number, value: number): this {
    return this.sends(actor, sql`UPDATE item SET value = ${value} WHERE id = ${id}`).writes(
      actor,
      1,
    )
  }

  lowers(actor: ActorId, id: number): this {
    return this.sends(actor, sql`UPDATE item SET value = value - 1 WHERE id = ${id}`).writes(
      actor,
      1,
    )
  }

  looks(actor: ActorId, owner: number, found: number): this {
    const rows = Array.from({ length: found }, () => ({ owner }))
    return this.sends(actor, sql`SELECT owner FROM entry WHERE owner = ${owner}`).returns(
      actor,
      rows,
    )
  }

  inserts(actor: ActorId, owner: number): this {
    return this.sends(actor, sql`INSERT INTO entry (owner) VALUES (${owner})`).writes(actor, 1)
  }

  ends(...actors: ActorId[]): this {
    for (const actor of actors) this.commits(actor).replies(actor, ok())
    return this
  }
}

const lost = { errorClass: 'connection lost', code: 'none', message: 'it broke' } as const

/** B has done all that it has to do, and the answer to its COMMIT is lost; and A comes after it. */
const lostUpdate = (wasDone: boolean): Play =>
  play(A, B)
    .reads(A, 1, 5)
    .reads(B, 1, 5)
    .sets(B, 1, 4)
    .sends(B, sql`COMMIT`)
    .isStruck(B, 'answer-lost', wasDone)
    .fails(B, lost, 'none')
    .replies(B, unknown())

const play = (...actors: ActorId[]): Play => {
  const story = new Play()
  for (const actor of actors) story.begins(actor)
  return story
}

function labelOf(
  { events }: Story,
  context: Partial<AnomalyContext> = {},
  start: Rows = initial,
): Anomaly {
  const observation = { initial: start, commands: [], committed: [], final: start }
  return anomalyOf(
    { history: events, observation },
    { engine: 'postgres', isolation: 'read-committed', ...context },
  )
}

const dirty = { engine: 'mysql', isolation: 'read-uncommitted' } as const
const [A, B, C] = [0, 1, 2] as const

const notSerial: SerialEquivalence = {
  outcome: 'not serial',
  nearest: { order: [], differences: [], isNearest: true },
  abortedButDone: [],
  message: '',
  details: [],
}

type Case = readonly [
  name: AnomalyName,
  adya: string,
  edges: readonly string[],
  story: Story,
  context?: { readonly engine: EngineName; readonly isolation: IsolationLevel },
]

const cases: readonly Case[] = [
  [
    'lost-update',
    'P4 (G-single)',
    ['A rw B item(id 1) 3→5', 'B ww A item(id 1) 5→7'],
    play(A, B).reads(A, 1, 5).reads(B, 1, 5).sets(B, 1, 4).ends(B).sets(A, 1, 4).ends(A),
  ],
  [
    'non-repeatable-read',
    'P2 (G-single)',
    ['A rw B item(id 1) 3→4', 'B wr A item(id 1) 4→6'],
    play(A, B).reads(A, 1, 5).sets(B, 1, 4).ends(B).reads(A, 1, 4).ends(A),
  ],
  [
    'non-repeatable-read',
    'P2 (G-single)',
    ['A rw B item(id 1) 3→5', 'B wr A item(id 1) 5→7'],
    play(A, B).reads(A, 1, 5).reads(B, 1, 5).lowers(B, 1).ends(B).lowers(A, 1).ends(A),
  ],
  [
    'phantom',
    'P3 (G-single)',
    ['A rw B entry(owner 1) 3→4', 'B wr A entry(owner 1) 4→6'],
    play(A, B).looks(A, 1, 0).inserts(B, 1).ends(B).looks(A, 1, 1).ends(A),
  ],
  [
    'read-skew',
    'A5A (G-single)',
    ['A rw B item(id 1) 3→4', 'B wr A item(id 2) 5→7'],
    play(A, B).reads(A, 1, 5).sets(B, 1, 4).sets(B, 2, 8).ends(B).reads(A, 2, 8).ends(A),
  ],
  [
    'stale-read',
    'G-single',
    ['A rw B item(id 1) 3→4', 'B ww A item(id 2) 5→7'],
    play(A, B).reads(A, 1, 5).sets(B, 1, 4).sets(B, 2, 8).ends(B).sets(A, 2, 6).ends(A),
  ],
  [
    'write-skew',
    'A5B (G2-item)',
    ['A rw B item(id 1) 3→6', 'B rw A item(id 2) 4→5'],
    play(A, B).reads(A, 1, 5).reads(B, 2, 7).sets(A, 2, 0).sets(B, 1, 0).ends(A, B),
  ],
  [
    'write-skew',
    'G2',
    ['A rw B item(id 1) 3→6', 'B rw A entry(owner 1) 4→5'],
    play(A, B).reads(A, 1, 5).looks(B, 1, 0).inserts(A, 1).sets(B, 1, 0).ends(A, B),
  ],
  [
    'phantom-insert',
    'G2 (P3)',
    ['A rw B entry(owner 1) 3→6', 'B rw A entry(owner 1) 4→5'],
    play(A, B).looks(A, 1, 0).looks(B, 1, 0).inserts(A, 1).inserts(B, 1).ends(A, B),
  ],
  [
    'dependency-cycle',
    'G2',
    ['A rw C item(id 1) 4→9', 'C rw B item(id 3) 6→8', 'B rw A item(id 2) 5→7'],
    play(A, B, C)
      .reads(A, 1, 5)
      .reads(B, 2, 7)
      .reads(C, 3, 9)
      .sets(A, 2, 0)
      .sets(B, 3, 0)
      .sets(C, 1, 0)
      .ends(A, B, C),
  ],
  [
    'dirty-write',
    'G0',
    ['A ww B item(id 1) 3→4', 'B ww A item(id 2) 5→6'],
    play(A, B).sets(A, 1, 1).sets(B, 1, 2).sets(B, 2, 2).sets(A, 2, 1).ends(A, B),
  ],
  [
    'dirty-read',
    'P1 (G1 or G-single)',
    ['A rw B item(id 2) 5→6', 'B wr A item(id 1) 3→4'],
    play(A, B).sets(B, 1, 4).reads(A, 1, 4).reads(A, 2, 7).sets(B, 2, 8).ends(A, B),
    dirty,
  ],
  [
    'aborted-read',
    'G1a',
    ['B wr A item(id 1) 3→4'],
    play(A, B).sets(B, 1, 4).reads(A, 1, 4).rollsBack(B).replies(B, rejected('no')).ends(A),
    dirty,
  ],
  [
    'intermediate-read',
    'G1b',
    ['B wr A item(id 1) 3→4'],
    play(A, B).sets(B, 1, 4).reads(A, 1, 4).sets(B, 1, 3).ends(A, B),
    dirty,
  ],
  [
    'circular-information-flow',
    'G1c',
    ['A wr B item(id 1) 1→2', 'B wr A item(id 2) 3→4'],
    new Play()
      .sends(A, sql`UPDATE item SET value = 4 WHERE id = 1`)
      .writes(A, 1, 'none')
      .sends(B, sql`SELECT value FROM item WHERE id = 1`)
      .returns(B, [{ value: 4 }], 'none')
      .sends(B, sql`UPDATE item SET value = 8 WHERE id = 2`)
      .writes(B, 1, 'none')
      .replies(B, ok())
      .sends(A, sql`SELECT value FROM item WHERE id = 2`)
      .returns(A, [{ value: 8 }], 'none')
      .replies(A, ok()),
  ],
]

const shown = (anomaly: Anomaly): readonly string[] =>
  'edges' in anomaly
    ? anomaly.edges.map(
        ({ from, to, kind, table, row, steps }) =>
          `${'ABC'.charAt(from)} ${kind} ${'ABC'.charAt(to)} ${table}(${row}) ${steps.join('→')}`,
      )
    : []

describe('a history', () => {
  test.for(cases)('of %s (%s): %j', ([name, adya, edges, story, context]) => {
    const anomaly = labelOf(story, context)
    expect(anomaly).toMatchObject({ name, adya, evidence: 'history' })
    expect(shown(anomaly)).toEqual(edges)
    expect('explanation' in anomaly && anomaly.explanation).toContain(definitions[name].meaning)
  })

  test('is there for every name', () => {
    expect(new Set(cases.map(([name]) => name))).toEqual(new Set(anomalyNames))
  })

  test.each([
    [
      'one after the other',
      play(A).reads(A, 1, 5).sets(A, 1, 4).ends(A).begins(B).reads(B, 1, 4).sets(B, 1, 3).ends(B),
    ],
    [
      'on different rows',
      play(A, B).reads(A, 1, 5).reads(B, 2, 7).sets(B, 2, 4).sets(A, 1, 4).ends(A, B),
    ],
    [
      'about different rows to come',
      play(A, B).looks(A, 1, 0).looks(B, 2, 0).inserts(A, 1).inserts(B, 2).ends(A, B),
    ],
    ['of whom one only reads', play(A, B).reads(A, 1, 5).sets(B, 1, 4).ends(B).ends(A)],
    [
      'of whom one is rolled back',
      play(A, B)
        .reads(A, 1, 5)
        .reads(B, 1, 5)
        .sets(B, 1, 4)
        .rollsBack(B)
        .replies(B, rejected('no'))
        .sets(A, 1, 4)
        .ends(A),
    ],
    [
      'of which one is refused',
      play(A, B)
        .looks(A, 1, 0)
        .looks(B, 1, 0)
        .inserts(A, 1)
        .ends(A)
        .sends(B, sql`INSERT INTO entry (owner) VALUES (1)`)
        .fails(B, { errorClass: 'serialization failure', code: '40001', message: 'no' })
        .rollsBack(B)
        .replies(B, aborted('serialization failure')),
    ],
    [
      'that read columns nobody changes',
      play(A, B)
        .sends(A, sql`SELECT id FROM item WHERE id = 1`)
        .returns(A, [{ id: 1 }])
        .sends(B, sql`SELECT id FROM item WHERE id = 1`)
        .returns(B, [{ id: 1 }])
        .sets(B, 1, 4)
        .ends(B)
        .sets(A, 1, 3)
        .ends(A),
    ],
    [
      'that write different columns',
      play(A, B)
        .reads(A, 1, 5)
        .sets(B, 1, 4)
        .ends(B)
        .sends(A, sql`UPDATE item SET note = 1 WHERE id = 1`)
        .writes(A, 1)
        .ends(A),
    ],
    [
      'that read what they have written themselves',
      play(A, B).sets(A, 1, 4).reads(A, 1, 4).ends(A).sets(B, 1, 3).reads(B, 1, 3).ends(B),
    ],
  ])('of transactions %s has none', (_, story) => {
    expect(labelOf(story)).toMatchObject({ name: 'none' })
  })
})

describe('what is seen', () => {
  const byEngine = (engine: EngineName, isolation: IsolationLevel) => ({ engine, isolation })

  /** Both lock the item; B waits for A, and looks only then. */
  const lockThenLook = (found: number): Story =>
    play(A, B)
      .sends(A, sql`SELECT id FROM item WHERE id = 1 FOR UPDATE`)
      .returns(A, [{ id: 1 }])
      .looks(A, 1, 0)
      .inserts(A, 1)
      .sends(B, sql`SELECT id FROM item WHERE id = 1 FOR UPDATE`)
      .waits(B, A)
      .commits(A)
      .replies(A, ok())
      .resumes(B)
      .returns(B, [{ id: 1 }])
      .looks(B, 1, found)
      .inserts(B, 1)
      .ends(B)

  test.each([
    ['postgres', 'read-committed', 1, 'none'],
    ['postgres', 'repeatable-read', 0, 'phantom-insert'],
    ['mysql', 'repeatable-read', 1, 'none'],
    ['mariadb', 'serializable', 1, 'none'],
  ] as const)(
    'after a wait for a lock, on %s at %s: %i rows, so %s',
    (engine, isolation, found, name) => {
      expect(labelOf(lockThenLook(found), byEngine(engine, isolation)).name).toBe(name)
    },
  )

  test.each([
    ['postgres', 'repeatable-read', 1],
    ['mysql', 'repeatable-read', 0],
    ['postgres', 'read-committed', 0],
  ] as const)(
    'other rows than %s at %s shows are not explained away',
    (engine, isolation, found) => {
      expect(labelOf(lockThenLook(found), byEngine(engine, isolation))).toEqual({
        name: 'unknown',
        why: `What step 8 returned from entry is not what is to be expected at ${isolation} from the statements of this run.`,
      })
    },
  )

  /** A has looked at something else before B commits, and looks at the row after that. */
  const lookedBefore = (value: number): Story =>
    play(A, B)
      .reads(A, 2, 7)
      .reads(B, 1, 5)
      .sets(B, 1, 4)
      .ends(B)
      .reads(A, 1, value)
      .sets(A, 1, 3)
      .ends(A)

  test.each([
    ['mysql', 'repeatable-read', 'lost-update'],
    ['mysql', 'read-committed', 'none'],
    ['postgres', 'read-committed', 'none'],
  ] as const)('with a snapshot, on %s at %s: %s', (engine, isolation, name) => {
    const value = name === 'none' ? 4 : 5
    expect(labelOf(lookedBefore(value), byEngine(engine, isolation)).name).toBe(name)
  })

  test('at the level that a transaction asks for', () => {
    const asking = (first: ReturnType<typeof sql>, second: ReturnType<typeof sql>): Story =>
      new Play()
        .sends(A, first)
        .writes(A, 0)
        .sends(A, sql`SELECT value FROM item WHERE id = 2`)
        .returns(A, [{ value: 7 }])
        .sends(B, second)
        .writes(B, 0)
        .sends(B, sql`UPDATE item SET value = 4 WHERE id = 1`)
        .writes(B, 1)
        .commits(B)
        .replies(B, ok())
        .sends(A, sql`SELECT value FROM item WHERE id = 1`)
        .returns(A, [{ value: 5 }])
        .sends(A, sql`UPDATE item SET value = 4 WHERE id = 1`)
        .writes(A, 1)
        .commits(A)
        .replies(A, ok())
    const plain = sql`BEGIN`
    const repeatable = sql`BEGIN ISOLATION LEVEL REPEATABLE READ`
    expect(labelOf(asking(repeatable, plain)).name).toBe('lost-update')
    expect(labelOf(asking(plain, repeatable)).name).toBe('none')
  })

  test('at the level that is set beforehand, and by the next transaction only', () => {
    const story = new Play()
      .sends(A, sql`SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED`)
      .writes(A, 0, 'none')
      .begins(A)
      .begins(B)
      .sets(B, 1, 4)
      .reads(A, 1, 4)
      .rollsBack(B)
      .replies(B, rejected('no'))
      .commits(A)
      .begins(A)
      .reads(A, 1, 5)
      .ends(A)
    expect(labelOf(story, byEngine('mysql', 'read-committed'))).toMatchObject({
      name: 'aborted-read',
      edges: [{ steps: [4, 5] }],
    })
  })

  test('of two that were released at once nobody knows who came first', () => {
    const story = play(A, B, C)
      .sets(C, 3, 1)
      .reads(A, 1, 5)
      .sends(A, sql`UPDATE item SET value = 1 WHERE id = 1`)
      .waits(A, C)
      .sends(B, sql`SELECT value FROM item WHERE id = 1 FOR UPDATE`)
      .waits(B, C)
      .commits(C)
      .replies(C, ok())
      .resumes(A)
      .writes(A, 1)
      .resumes(B)
      .returns(B, [{ value: 5 }])
      .sets(B, 1, 2)
      .ends(A, B)
    expect(labelOf(story).name).toBe('unknown')
  })
})

describe('what is seen, besides', () => {
  const mysql = (isolation: IsolationLevel) => ({ engine: 'mysql', isolation }) as const

  /** Both look for entries and insert one; B has waited with its look until A was done. */
  const lookAfterWait = (found: number): Story => {
    const look = sql`SELECT owner FROM entry WHERE owner = 1 FOR UPDATE`
    const rows = Array.from({ length: found }, () => ({ owner: 1 }))
    return play(A, B)
      .looks(A, 1, 0)
      .inserts(A, 1)
      .sends(B, look)
      .waits(B, A)
      .commits(A)
      .replies(A, ok())
      .resumes(B)
      .returns(B, rows)
      .inserts(B, 1)
      .ends(B)
  }

  test.each([
    ['postgres', 0, 'phantom-insert'],
    ['mysql', 1, 'none'],
  ] as const)('by a look that waited for the rows to come: on %s %i', (engine, found, name) => {
    expect(labelOf(lookAfterWait(found), { engine, isolation: 'read-committed' }).name).toBe(name)
  })

  test('is nothing of what was undone', () => {
    const story = play(A, B)
      .inserts(A, 1)
      .rollsBack(A)
      .replies(A, rejected('no'))
      .looks(B, 1, 0)
      .ends(B)
    expect(labelOf(story).name).toBe('none')
    expect(labelOf(story, mysql('repeatable-read')).name).toBe('none')
  })

  test.each(['read-committed', 'repeatable-read'] as const)(
    'is nothing that has not been committed, on MySQL at %s',
    (isolation) => {
      const story = play(A, B).looks(A, 1, 0).inserts(A, 1).looks(B, 1, 0).inserts(B, 1).ends(A, B)
      expect(labelOf(story, mysql(isolation)).name).toBe('phantom-insert')
    },
  )

  test('by a lock on MySQL is what is newest, whatever the snapshot shows', () => {
    const story = play(A, B)
      .reads(A, 2, 7)
      .sets(B, 1, 4)
      .ends(B)
      .sends(A, sql`SELECT value FROM item WHERE id = 1 FOR UPDATE`)
      .returns(A, [{ value: 4 }])
      .sets(A, 1, 3)
      .ends(A)
    expect(labelOf(story, mysql('repeatable-read')).name).toBe('none')
  })

  test("is one's own, after one has written it", () => {
    const story = play(A, B)
      .reads(A, 2, 7)
      .sets(B, 1, 4)
      .ends(B)
      .lowers(A, 1)
      .reads(A, 1, 3)
      .ends(A)
    expect(labelOf(story, mysql('repeatable-read')).name).toBe('none')
  })

  test('by a statement that stopped half way is what was there before it stopped', () => {
    const insertUnless = sql`
      INSERT INTO entry (owner) SELECT 1 FROM item
      WHERE NOT EXISTS (SELECT 1 FROM entry WHERE owner = 1)`
    const story = play(A, B)
      .looks(B, 1, 0)
      .sends(A, insertUnless)
      .stops(A, insertUnless)
      .inserts(B, 1)
      .ends(B)
      .goesOn(A, insertUnless)
      .writes(A, 1)
      .ends(A)
    const serial = notSerial
    expect(labelOf(story, { ...mysql('read-committed'), serial })).toMatchObject({
      name: 'phantom-insert',
    })
  })

  test('at a level that was set for another transaction is not', () => {
    const story = new Play()
      .sends(A, sql`SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED`)
      .writes(A, 0, 'none')
      .begins(A)
      .reads(A, 2, 7)
      .commits(A)
      .begins(A)
      .begins(B)
      .sets(B, 1, 4)
      .reads(A, 1, 5)
      .rollsBack(B)
      .replies(B, rejected('no'))
      .ends(A)
    expect(labelOf(story, mysql('read-committed')).name).toBe('none')
  })

  test('is nothing of a transaction that had failed when it was to be committed', () => {
    const story = play(A, B)
      .reads(A, 1, 5)
      .sets(B, 1, 4)
      .ends(B)
      .sets(A, 1, 4)
      .sends(A, sql`SELECT value FROM item WHERE id = 3`)
      .fails(A, { errorClass: 'other', code: '1', message: 'no' })
      .ends(A)
    expect(labelOf(story).name).toBe('none')
  })

  test('on two connections of one actor is seen by two transactions', () => {
    const second = { kind: 'statement', connection: 1 } as const
    const begin = { ...second, statement: { parts: ['BEGIN'], params: [] } }
    const commit = { ...second, statement: { parts: ['COMMIT'], params: [] } }
    const story = play(A).sends(A, begin).writes(A, 0).reads(A, 1, 5).sends(A, commit)
    expect(labelOf(story.writes(A, 0, 'none').ends(A)).name).toBe('none')
  })

  test('through a further condition may be another row', () => {
    const narrow = sql`SELECT owner FROM entry WHERE owner = 1 AND kind > 3`
    const story = play(A, B).sends(A, narrow).returns(A, []).sends(B, narrow).returns(B, [])
    expect(labelOf(story.inserts(A, 1).inserts(B, 1).ends(A, B))).toMatchObject({
      name: 'unknown',
      why: expect.stringMatching(/^It may be phantom-insert, but/) as unknown,
    })
  })

  /** Of the three items one is changed, and nobody says which. */
  const someItem = sql`UPDATE item SET value = 0 WHERE value > 4 AND value < 6`

  test('is perhaps what was changed, where it is not said which rows were', () => {
    const story = play(A, B).reads(A, 1, 5).sends(B, someItem).writes(B, 1).ends(B)
    expect(labelOf(story.sets(A, 1, 4).ends(A), { serial: notSerial })).toMatchObject({
      name: 'lost-update',
      evidence: 'serial orders',
    })
  })

  test('is not known of rows that were left out because others had locked them', () => {
    const skip = sql`SELECT value FROM item WHERE id = 1 FOR UPDATE SKIP LOCKED`
    const story = play(A, B).sets(A, 1, 4).sends(B, skip).returns(B, []).rollsBack(B)
    expect(labelOf(story.replies(B, rejected('busy')).ends(A))).toEqual({
      name: 'unknown',
      why: 'Step 4 leaves out rows of item that others have locked, and which these were cannot be told.',
    })
  })

  test('may be one of two things, and then neither is believed', () => {
    const narrow = sql`SELECT owner FROM entry WHERE owner = 1 AND kind > 3`
    const story = play(A, B)
      .reads(A, 1, 5)
      .sends(A, narrow)
      .returns(A, [])
      .sends(B, narrow)
      .returns(B, [])
      .sends(B, someItem)
      .writes(B, 1)
      .inserts(B, 1)
      .ends(B)
      .sets(A, 1, 4)
      .inserts(A, 1)
      .ends(A)
    expect(labelOf(story, { serial: notSerial })).toMatchObject({
      name: 'unknown',
      why: expect.stringContaining('lost-update or ') as unknown,
    })
  })

  test('of rows that are known in part is no surprise', () => {
    const story = play(A, B)
      .inserts(A, 1)
      .ends(A)
      .sends(B, sql`SELECT owner FROM entry WHERE kind = 2`)
      .returns(B, [{ owner: 1 }])
      .ends(B)
    expect(labelOf(story).name).toBe('none')
  })

  test('for NULL is nothing', () => {
    const look = sql`SELECT owner FROM entry WHERE owner = ${null}`
    const insert = sql`INSERT INTO entry (owner) VALUES (${null})`
    const story = play(A, B).sends(A, look).returns(A, []).sends(B, look).returns(B, [])
    const rest = story.sends(A, insert).writes(A, 1).sends(B, insert).writes(B, 1)
    expect(labelOf(rest.ends(A, B)).name).toBe('none')
  })
})

describe('whole commands', () => {
  const alone = new Play()
    .sends(A, sql`SELECT value FROM item WHERE id = 1`)
    .returns(A, [{ value: 5 }], 'none')
    .sends(B, sql`SELECT value FROM item WHERE id = 1`)
    .returns(B, [{ value: 5 }], 'none')
    .sends(B, sql`UPDATE item SET value = 4 WHERE id = 1`)
    .writes(B, 1, 'none')
    .replies(B, ok())
    .sends(A, sql`UPDATE item SET value = 4 WHERE id = 1`)
    .writes(A, 1, 'none')
    .replies(A, ok())

  test('can lose an update where no transaction does, which is said', () => {
    expect(labelOf(alone)).toEqual({
      name: 'lost-update',
      adya: 'P4 (G-single)',
      level: 'command',
      evidence: 'history',
      others: [],
      explanation:
        'A change was written over by somebody who had read the row before that change. A reads item(id 1) at step 1, before B changes it at step 3. A writes at step 4 over what B has written to item(id 1) at step 3. The database never saw one transaction: A does this in several, each statement without BEGIN being one of its own, so that no isolation level covers it.',
      edges: [
        {
          from: 0,
          to: 1,
          kind: 'rw',
          table: 'item',
          row: 'id 1',
          isPredicate: false,
          steps: [1, 3],
        },
        {
          from: 1,
          to: 0,
          kind: 'ww',
          table: 'item',
          row: 'id 1',
          isPredicate: false,
          steps: [3, 4],
        },
      ],
    })
  })

  const refused = (story: Play): Play =>
    story
      .sends(A, sql`UPDATE item SET value = 4 WHERE id = 1`)
      .fails(A, { errorClass: 'serialization failure', code: '40001', message: 'no' })
      .rollsBack(A)
      .begins(A)
  const attempt = (): Play =>
    refused(play(A, B).reads(A, 1, 5).reads(B, 1, 5).sets(B, 1, 4).ends(B))

  test('can keep what an attempt has read that was refused', () => {
    const anomaly = labelOf(attempt().sets(A, 1, 4).ends(A), { isolation: 'serializable' })
    expect(anomaly).toMatchObject({ name: 'lost-update', level: 'command' })
    expect('explanation' in anomaly && anomaly.explanation).toMatch(
      /What was read belongs to an attempt that came to nothing and was kept for the next one: to the database they have nothing to do with each other\.$/,
    )
  })

  test('keep nothing that they read again', () => {
    const again = attempt().reads(A, 1, 4).sets(A, 1, 3).ends(A)
    expect(labelOf(again, { isolation: 'serializable' })).toMatchObject({ name: 'none' })
  })

  test('are told apart when an actor has several', () => {
    const story = play(A, B)
      .ends(A)
      .begins(A)
      .reads(A, 1, 5)
      .sets(B, 1, 4)
      .ends(B)
      .sets(A, 1, 3)
      .ends(A)
    const anomaly = labelOf(story)
    expect('explanation' in anomaly && anomaly.explanation).toContain(
      'A2 reads item(id 1) at step 5, before B changes it at step 6.',
    )
  })

  test('that are refused in their own words have read what they answer by', () => {
    const story = play(A, B)
      .reads(A, 1, 5)
      .sets(B, 1, 4)
      .sets(B, 2, 4)
      .ends(B)
      .reads(A, 2, 4)
      .rollsBack(A)
      .replies(A, rejected('too much'))
    expect(labelOf(story)).toMatchObject({ name: 'read-skew', level: 'transaction' })
  })
})

describe('an explanation', () => {
  test('says who did not see what, and what came of it', () => {
    const story = play(A, B).looks(A, 1, 0).inserts(A, 1).looks(B, 1, 0).inserts(B, 1).ends(A, B)
    const anomaly = labelOf(story)
    expect('explanation' in anomaly && anomaly.explanation).toBe(
      'Each looked for rows and then inserted one that the other had looked for in vain. A looks into entry at step 3, before B inserts entry(owner 1) at step 6. B looks into entry at step 5 and does not see that A inserts entry(owner 1) at step 4.',
    )
  })

  test('says what was read too early', () => {
    const story = play(A, B)
      .sets(B, 1, 4)
      .reads(A, 1, 4)
      .rollsBack(B)
      .replies(B, rejected('no'))
      .ends(A)
    expect(labelOf(story, dirty)).toMatchObject({
      explanation:
        'Something was read that was never committed. A sees at step 4 what B has done to item(id 1) at step 3, before it is committed.',
    })
  })

  /** Two anomalies at once: of the items, and of the entries. */
  const both = play(A, B)
    .reads(A, 1, 5)
    .looks(A, 1, 0)
    .reads(B, 1, 5)
    .looks(B, 1, 0)
    .sets(B, 1, 4)
    .inserts(B, 1)
    .ends(B)
    .sets(A, 1, 4)
    .inserts(A, 1)
    .ends(A)

  test.each([
    ['Two rows: entry(owner 1), entry(owner 1).', 'phantom-insert'],
    ['The sum is wrong: item(id 1, value 4).', 'lost-update'],
  ])('is about what was broken: %s', (violation, name) => {
    const anomaly = labelOf(both, { violation })
    expect(anomaly.name).toBe(name)
    const others = 'others' in anomaly ? [...anomaly.others, name] : []
    expect(others).toEqual(expect.arrayContaining(['phantom-insert', 'lost-update']))
  })

  test('is about what the nearest serial order has otherwise, where nothing was named', () => {
    const serial = {
      outcome: 'not serial',
      nearest: {
        order: [],
        isNearest: true,
        differences: [
          {
            kind: 'rows',
            table: 'entry',
            serialOnly: [],
            runOnly: [],
            rows: { serial: 1, run: 2 },
          },
        ],
      },
      abortedButDone: [],
      message: '',
      details: [],
    } as const
    expect(labelOf(both, { serial }).name).toBe('phantom-insert')
  })
})

describe('without an anomaly', () => {
  const fine = play(A).reads(A, 1, 5).ends(A)
  const racing = play(A, B).reads(A, 1, 5).sets(B, 1, 4).ends(B).sets(A, 1, 4).ends(A)
  const narrow = sql`SELECT owner FROM entry WHERE owner = 1 AND kind > 3`
  const perhaps = play(A, B)
    .sends(A, narrow)
    .returns(A, [])
    .sends(B, narrow)
    .returns(B, [])
    .inserts(A, 1)
    .inserts(B, 1)
    .ends(A, B)

  test.each([
    [true, /^No anomaly: a serial order of the commands gives this run as well/],
    [false, /only one in which a command comes before another that had been answered/],
  ])(
    'a serial order explains the run (strict: %s), whatever may have been read',
    (isStrict, text) => {
      const serial: SerialEquivalence = { outcome: 'serial', order: [], isStrict }
      const anomaly = labelOf(perhaps, { serial })
      expect(anomaly.name).toBe('none')
      expect('explanation' in anomaly && anomaly.explanation).toMatch(text)
    },
  )

  test('no serial order explains away what certainly happened, as it may have done harm in between', () => {
    const serial: SerialEquivalence = { outcome: 'serial', order: [], isStrict: true }
    const anomaly = labelOf(racing, { serial })
    expect(anomaly.name).toBe('lost-update')
    expect('explanation' in anomaly && anomaly.explanation).toMatch(
      /Yet a serial order of the commands gives the same replies and the same final state, so if this did harm, it did so in between\.$/,
    )
  })

  test('it is the strategy that is wrong', () => {
    expect(labelOf(fine)).toMatchObject({
      name: 'none',
      explanation:
        'No anomaly: what the commands have read and written is as in a serial order, so it is what the strategy makes of it that is wrong, and not how the commands came together.',
    })
  })

  test('it cannot be told where the schema makes statements do more', () => {
    expect(labelOf(fine, { isTangled: true })).toEqual({
      name: 'unknown',
      why: 'Foreign keys, triggers or the like make statements touch more than their texts say.',
    })
  })
})

describe('it cannot be told', () => {
  test.each([
    [
      'what a statement does',
      sql`CALL something()`,
      'What "CALL something()" reads and writes (step 2) cannot be told from its text.',
    ],
    [
      'what is left of a transaction',
      sql`ROLLBACK TO SAVEPOINT here`,
      'A part of a transaction was rolled back (step 2), and what is left of it cannot be told.',
    ],
    [
      'where a transaction ends',
      sql`BEGIN`,
      'A transaction was begun inside another one (step 2).',
    ],
  ])('%s', (_, request, why) => {
    const story = new Play().begins(A).sends(A, request).writes(A, 0).ends(A)
    expect(labelOf(story)).toEqual({ name: 'unknown', why })
  })

  const insertSelect = sql`
    INSERT INTO entry (owner) SELECT 1 FROM item
    WHERE NOT EXISTS (SELECT 1 FROM entry WHERE owner = 1)`
  const vague = new Play()
    .begins(A)
    .begins(B)
    .sends(A, insertSelect)
    .writes(A, 1)
    .sends(B, insertSelect)
    .writes(B, 1)
    .commits(A)
    .replies(A, ok())
    .commits(B)
    .replies(B, ok())

  test('which rows a statement has read that is about several tables', () => {
    expect(labelOf(vague)).toEqual({
      name: 'unknown',
      why: 'It may be phantom-insert, but which rows of entry the statements of steps 3 and 4 have both touched cannot be told from their texts.',
    })
  })

  test('but where no serial order gives the run, only one thing can have happened', () => {
    const serial = notSerial
    const anomaly = labelOf(vague, { serial })
    expect(anomaly).toMatchObject({ name: 'phantom-insert', evidence: 'serial orders' })
    expect('explanation' in anomaly && anomaly.explanation).toContain(
      'Which rows these are the statements leave open; but no serial order gives this run, and nothing else can be the reason.',
    )
    expect(labelOf(vague, { serial, isTangled: true }).name).toBe('unknown')
  })
})

describe('a COMMIT whose answer was lost', () => {
  test('counts as what it was', () => {
    expect(labelOf(lostUpdate(true).sets(A, 1, 4).ends(A)).name).toBe('lost-update')
    expect(labelOf(lostUpdate(false).sets(A, 1, 4).ends(A)).name).toBe('none')
  })
})

test('what a client that has died had written was never there', () => {
  const story = play(A, B).sets(B, 1, 4).isStruck(B, 'client-dies')
  story.replies(B, unknown())
  expect(labelOf(story.reads(A, 1, 5).ends(A)).name).toBe('none')
  const seen = play(A, B).sets(B, 1, 4).reads(A, 1, 4).isStruck(B, 'client-dies')
  seen.replies(B, unknown())
  expect(labelOf(seen.ends(A), dirty).name).toBe('aborted-read')
})

test('what others had written was never there either when the server was killed', () => {
  const killed = play(A, B).sets(B, 1, 4).isStruck(A, 'server-killed').reads(A, 1, 5).ends(A)
  expect(labelOf(killed)).toEqual({
    name: 'unknown',
    why: 'The server was killed, and what was committed by then may not have been kept.',
  })
  const seen = play(A, B).sets(B, 1, 4).reads(A, 1, 4).ends(A).isStruck(A, 'server-killed')
  expect(labelOf(seen.replies(B, unknown()), dirty).name).toBe('aborted-read')
})
