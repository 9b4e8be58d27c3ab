import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Plan } from '../plan.ts'
import { aborted, ok, rejected, unknown } from '../reply.ts'
import type { AnyCommand } from '../workload.ts'
import { purchase } from '../workloads/purchase.ts'
import type { Purchase, Restock } from '../workloads/stock.ts'
import { sql, Story } from './fixtures/story.ts'
import { showRow } from '../databases/statement.ts'
import { renderTimeline } from './timeline.ts'

const buy = (userId: number): Purchase => ({ kind: 'purchase', userId, productId: 1, quantity: 1 })
const restock: Restock = { kind: 'restock', productId: 1, quantity: 3 }

const planOf = (...actors: readonly (readonly AnyCommand[])[]): Plan => ({
  initial: {},
  actors,
  schedule: [],
  attempts: 3,
})

/** The timeline between a line break and a line break, as a snapshot reads best. */
const timeline = (plan: Plan, story: Story): string =>
  `\n${renderTimeline(purchase, plan, story.events)}\n`

const deadlock = { errorClass: 'deadlock', code: '40P01', message: 'deadlock detected' } as const
const readStock = sql`
  SELECT stock FROM product
  WHERE id = ${1}`

const lost = {
  errorClass: 'connection lost',
  code: 'none',
  message: 'Connection terminated unexpectedly',
} as const

test('a connection that is closed inside a transaction is shown, and what becomes of that', () => {
  const story = new Story().begins(0).disconnects(0).replies(0, rejected('not enough stock'))
  expect(timeline(planOf([buy(1)]), story)).toMatchInlineSnapshot(`
    "
    step  A
          purchase(user 1, 1 of product 1):
       1  BEGIN
          <its connection is closed, and the server
          rolls back>
          = rejected: not enough stock
    "
  `)
})

describe('faults in the lanes', () => {
  test('are shown where they strike, and what comes after', () => {
    const story = new Story()
      .begins(0)
      .sends(0, sql`COMMIT`)
      .isStruck(0, 'answer-lost', true)
      .fails(0, lost, 'none')
      .reconnects(0)
      .sends(0, sql`BEGIN`)
      .writes(0, 0)
      .isStruck(0, 'session-killed')
      .sends(0, readStock)
      .fails(0, lost, 'none')
      .replies(0, unknown())
    expect(timeline(planOf([buy(1)]), story)).toMatchInlineSnapshot(`
      "
      step  A
            purchase(user 1, 1 of product 1):
         1  BEGIN
         2  COMMIT
            <fault: the connection breaks before its
            answer; it was done>
            → connection lost (none): Connection
            terminated unexpectedly
            <a new connection>
         3  BEGIN
            <fault: the server ends the session>
         4  SELECT stock FROM product WHERE id = 1
            → connection lost (none): Connection
            terminated unexpectedly
            = unknown
      "
    `)
  })

  test('that strike before the first statement of a command stand under it', () => {
    const story = new Story().isStruck(1, 'client-dies').replies(1, unknown())
    expect(timeline(planOf([buy(1)], [buy(2)]), story)).toMatchInlineSnapshot(`
      "
      step  A                                               B
                                                            purchase(user 2, 1 of product 1):
                                                            <fault: the client dies>
                                                            = unknown
      "
    `)
  })
})

describe('the lanes', () => {
  test('show a lost update', () => {
    const story = new Story()
      .begins(0)
      .sends(0, readStock)
      .returns(0, [{ stock: 2 }])
      .begins(1)
      .sends(1, readStock)
      .returns(1, [{ stock: 2 }])
      .sends(1, sql`UPDATE product SET stock = ${1} WHERE id = ${1}`)
      .writes(1, 1)
      .sends(1, sql`INSERT INTO purchase (user_id, product_id, quantity) VALUES (${2}, ${1}, ${1})`)
      .writes(1, 1)
      .commits(1)
      .replies(1, ok())
      .sends(0, sql`UPDATE product SET stock = ${1} WHERE id = ${1}`)
      .writes(0, 1)
      .commits(0)
      .replies(0, ok())
    expect(timeline(planOf([buy(1)], [buy(2)]), story)).toMatchInlineSnapshot(`
      "
      step  A                                               B
            purchase(user 1, 1 of product 1):
         1  BEGIN
         2  SELECT stock FROM product WHERE id = 1
            → stock 2
                                                            purchase(user 2, 1 of product 1):
         3                                                  BEGIN
         4                                                  SELECT stock FROM product WHERE id = 1
                                                            → stock 2
         5                                                  UPDATE product SET stock = 1 WHERE id = 1
                                                            → 1 written
         6                                                  INSERT INTO purchase (user_id, product_id,
                                                              quantity) VALUES (2, 1, 1)
                                                            → 1 written
         7                                                  COMMIT
                                                            = ok
         8  UPDATE product SET stock = 1 WHERE id = 1
            → 1 written
         9  COMMIT
            = ok
      "
    `)
  })

  test('show who waits for whom, and when it goes on', () => {
    const story = new Story()
      .begins(0)
      .begins(1)
      .sends(0, sql`SELECT stock FROM product WHERE id = ${1} FOR UPDATE`)
      .returns(0, [{ stock: 1 }])
      .sends(1, sql`select stock from product where id = ${1} for update`)
      .waits(1, 0)
      .commits(0)
      .returns(1, [{ stock: 0 }])
      .replies(0, ok())
      .rollsBack(1)
      .replies(1, rejected('not enough stock'))
    expect(timeline(planOf([buy(1)], [buy(2)]), story)).toMatchInlineSnapshot(`
      "
      step  A                                               B
            purchase(user 1, 1 of product 1):
         1  BEGIN
                                                            purchase(user 2, 1 of product 1):
         2                                                  BEGIN
         3  SELECT stock FROM product WHERE id = 1 FOR
              UPDATE
            → stock 1
         4                                                  select stock from product where id = 1 for
                                                              update
                                                            <waiting for A>
         5  COMMIT
                                                            <... SELECT resumed>
                                                            → stock 0
            = ok
         6                                                  ROLLBACK
                                                            = rejected: not enough stock
      "
    `)
  })

  test('show errors, and that what COMMIT ends after one is rolled back', () => {
    const story = new Story()
      .begins(0)
      .begins(1)
      .sends(0, sql`UPDATE product SET stock = 0 WHERE id = ${1}`)
      .writes(0, 1)
      .sends(1, sql`UPDATE product SET stock = 0 WHERE id = ${2}`)
      .writes(1, 1)
      .sends(0, sql`UPDATE product SET stock = 0 WHERE id = ${2}`)
      .waits(0, 1)
      .sends(1, sql`UPDATE product SET stock = 0 WHERE id = ${1}`)
      .fails(1, deadlock)
      .commits(1)
      .writes(0, 1)
      .replies(1, aborted('deadlock'))
      .commits(0)
      .replies(0, ok())
    expect(timeline(planOf([buy(1)], [buy(2)]), story)).toMatchInlineSnapshot(`
      "
      step  A                                               B
            purchase(user 1, 1 of product 1):
         1  BEGIN
                                                            purchase(user 2, 1 of product 1):
         2                                                  BEGIN
         3  UPDATE product SET stock = 0 WHERE id = 1
            → 1 written
         4                                                  UPDATE product SET stock = 0 WHERE id = 2
                                                            → 1 written
         5  UPDATE product SET stock = 0 WHERE id = 2
            <waiting for B>
         6                                                  UPDATE product SET stock = 0 WHERE id = 1
                                                            → deadlock (40P01): deadlock detected
         7                                                  COMMIT
                                                            → rolled back, because a statement before it
                                                            had failed
            <... UPDATE resumed>
            → 1 written
                                                            = aborted: deadlock
         8  COMMIT
            = ok
      "
    `)
  })

  test('do not call a later transaction rolled back', () => {
    const story = new Story()
      .begins(0)
      .sends(0, sql`UPDATE product SET stock = -1`)
      .fails(0, {
        errorClass: 'check violation',
        code: '23514',
        message:
          'new row for relation "product" violates check constraint "stock_not_negative" and is not written',
      })
      .rollsBack(0)
      .replies(0, rejected('not enough stock'))
      .begins(0)
      .commits(0)
      .replies(0, ok())
    expect(timeline(planOf([buy(1), restock]), story)).toMatchInlineSnapshot(`
      "
      step  A
            purchase(user 1, 1 of product 1):
         1  BEGIN
         2  UPDATE product SET stock = -1
            → check violation (23514): new row for
            relation "product" violates check constraint
            "stock_not_negative" and is not written
         3  ROLLBACK
            = rejected: not enough stock
            restock(3 of product 1):
         4  BEGIN
         5  COMMIT
            = ok
      "
    `)
  })

  test('of an error outside a transaction go on as if nothing had been', () => {
    const story = new Story()
      .sends(0, sql`UPDATE product SET stock = -1`)
      .fails(0, deadlock, 'none')
      .begins(0)
      .commits(0)
      .replies(0, unknown())
    expect(timeline(planOf([buy(1)]), story)).toMatchInlineSnapshot(`
      "
      step  A
            purchase(user 1, 1 of product 1):
         1  UPDATE product SET stock = -1
            → deadlock (40P01): deadlock detected
         2  BEGIN
         3  COMMIT
            = unknown
      "
    `)
  })

  test('do not call a transaction rolled back that its engine let go on after an error', () => {
    const story = new Story()
      .begins(0)
      .sends(0, sql`INSERT INTO purchase VALUES (${1})`)
      .fails(0, { errorClass: 'unique violation', code: '1062', message: 'Duplicate' }, 'open')
      .commits(0)
      .replies(0, ok())
    expect(timeline(planOf([buy(1)]), story)).toMatchInlineSnapshot(`
      "
      step  A
            purchase(user 1, 1 of product 1):
         1  BEGIN
         2  INSERT INTO purchase VALUES (1)
            → unique violation (1062): Duplicate
         3  COMMIT
            = ok
      "
    `)
  })

  test('do not call a transaction rolled back that went on from a savepoint', () => {
    const story = new Story()
      .begins(0)
      .sends(0, sql`SAVEPOINT before`)
      .writes(0, 0)
      .sends(0, sql`UPDATE product SET stock = -1`)
      .fails(0, deadlock)
      .sends(0, sql`ROLLBACK TO SAVEPOINT before`)
      .writes(0, 0)
      .commits(0)
      .replies(0, ok())
    expect(timeline(planOf([buy(1)]), story)).toMatchInlineSnapshot(`
      "
      step  A
            purchase(user 1, 1 of product 1):
         1  BEGIN
         2  SAVEPOINT before
         3  UPDATE product SET stock = -1
            → deadlock (40P01): deadlock detected
         4  ROLLBACK TO SAVEPOINT before
         5  COMMIT
            = ok
      "
    `)
  })

  test('show a wait anew when it becomes one for somebody else, and its end once', () => {
    const story = new Story()
    for (const actor of [0, 1, 2]) {
      story.sends(actor, sql`SELECT stock FROM product FOR UPDATE`)
      if (actor > 0) story.waits(actor, ...[0, 1].slice(0, actor))
    }
    story.returns(0, [{ stock: 1 }]).commits(0)
    story.events.push({ kind: 'unblocked', actor: 1, step: 2 })
    story.returns(1, []).waits(2, 1).commits(1)
    story.events.push({ kind: 'unblocked', actor: 2, step: 3 })
    story.fails(2, { ...deadlock, errorClass: 'lock timeout', code: '55P03', message: 'too long' })
    expect(timeline(planOf([buy(1)], [buy(2)], [buy(3)]), story)).toMatchInlineSnapshot(`
      "
      step  A                       B                       C
            purchase(user 1, 1 of product 1):
         1  SELECT stock FROM product FOR UPDATE
                                    purchase(user 2, 1 of product 1):
         2                          SELECT stock FROM product FOR UPDATE
                                    <waiting for A>
                                                            purchase(user 3, 1 of product 1):
         3                                                  SELECT stock FROM product FOR UPDATE
                                                            <waiting for A, B>
            → stock 1
         4  COMMIT
                                    <... SELECT resumed>
                                    → no rows
                                                            <waiting for B>
         5                          COMMIT
                                                            <... SELECT resumed>
                                                            → lock timeout (55P03): too long
      "
    `)
  })

  test('count what is too much to show, and tell nothing read from nothing written', () => {
    const rows = Array.from({ length: 6 }, (_, index) => ({ id: index + 1, stock: 3 - index }))
    const story = new Story()
      .sends(0, sql`SELECT id, stock FROM product`)
      .returns(0, rows)
      .sends(0, sql`SELECT id, stock FROM product LIMIT 4`)
      .returns(0, rows.slice(0, 4))
      .sends(0, sql`SELECT id FROM product WHERE stock > 100`)
      .returns(0, [])
      .sends(0, sql`UPDATE product SET stock = 1 WHERE stock > 100`)
      .writes(0, 0)
      .sends(0, sql`UPDATE product SET stock = stock + 1`)
      .writes(0, 6)
      .sends(
        0,
        sql`INSERT INTO purchase VALUES (${1}, ${1}, ${1}) RETURNING user_id, ${"it's"} AS note`,
      )
      .returns(0, [{ user_id: 1, note: "it's" }])
      .replies(0, ok())
    expect(timeline(planOf([buy(1)]), story)).toMatchInlineSnapshot(`
      "
      step  A
            purchase(user 1, 1 of product 1):
         1  SELECT id, stock FROM product
            → id 1, stock 3
            → id 2, stock 2
            → id 3, stock 1
            → id 4, stock 0
            → … and 2 more rows
         2  SELECT id, stock FROM product LIMIT 4
            → id 1, stock 3
            → id 2, stock 2
            → id 3, stock 1
            → id 4, stock 0
         3  SELECT id FROM product WHERE stock > 100
            → no rows
         4  UPDATE product SET stock = 1 WHERE stock >
              100
            → nothing written
         5  UPDATE product SET stock = stock + 1
            → 6 written
         6  INSERT INTO purchase VALUES (1, 1, 1)
              RETURNING user_id, 'it''s' AS note
            → user_id 1, note 'it''s'
            = ok
      "
    `)
  })

  test('of four actors overlap, and still each line belongs to one of them', () => {
    const story = new Story()
    for (const actor of [0, 1, 2, 3]) story.begins(actor)
    story.sends(2, sql`SELECT stock FROM product WHERE id = ${1} FOR UPDATE`)
    story.returns(2, [{ stock: 1 }])
    for (const actor of [3, 0, 1]) {
      story.sends(actor, sql`SELECT stock FROM product WHERE id = ${1} FOR UPDATE`)
    }
    story.waits(0, 2, 3).waits(1, 2, 3, 0).waits(3, 2).commits(2).replies(2, ok())
    for (const actor of [3, 0, 1]) {
      story.returns(actor, [{ stock: 0 }])
      story.rollsBack(actor).replies(actor, rejected('not enough stock'))
    }
    const plan = planOf([buy(1)], [buy(2)], [buy(3)], [buy(1)])
    expect(timeline(plan, story)).toMatchInlineSnapshot(`
      "
      step  A               B               C               D
            purchase(user 1, 1 of product 1):
         1  BEGIN
                            purchase(user 2, 1 of product 1):
         2                  BEGIN
                                            purchase(user 3, 1 of product 1):
         3                                  BEGIN
                                                            purchase(user 1, 1 of product 1):
         4                                                  BEGIN
         5                                  SELECT stock FROM product WHERE id = 1 FOR
                                              UPDATE
                                            → stock 1
         6                                                  SELECT stock FROM product WHERE id = 1 FOR
                                                              UPDATE
         7  SELECT stock FROM product WHERE id = 1 FOR
              UPDATE
         8                  SELECT stock FROM product WHERE id = 1 FOR
                              UPDATE
            <waiting for C, D>
                            <waiting for C, D, A>
                                                            <waiting for C>
         9                                  COMMIT
                                            = ok
                                                            <... SELECT resumed>
                                                            → stock 0
        10                                                  ROLLBACK
                                                            = rejected: not enough stock
            <... SELECT resumed>
            → stock 0
        11  ROLLBACK
            = rejected: not enough stock
                            <... SELECT resumed>
                            → stock 0
        12                  ROLLBACK
                            = rejected: not enough stock
      "
    `)
  })

  test('name sleeps and every command of an actor in turn', () => {
    const story = new Story()
      .sends(0, { kind: 'sleep', ms: 250 })
      .writes(0, 0, 'none')
      .replies(0, aborted('conflict'))
      .sends(0, sql`SAVEPOINT before_restock`)
      .writes(0, 0)
      .sends(0, sql`SET LOCAL lock_timeout = 1`)
      .writes(0, 0)
      .replies(0, ok())
      .replies(1, rejected('no such product'))
    expect(timeline(planOf([buy(1), restock], [buy(2)]), story)).toMatchInlineSnapshot(`
      "
      step  A                                               B
            purchase(user 1, 1 of product 1):
         1  sleep(250 ms)
            = aborted: conflict
            restock(3 of product 1):
         2  SAVEPOINT before_restock
         3  SET LOCAL lock_timeout = 1
            = ok
                                                            purchase(user 2, 1 of product 1):
                                                            = rejected: no such product
      "
    `)
  })

  test('show where a statement stops, and with what it goes on', () => {
    const insert = sql`INSERT INTO purchase (user_id) SELECT ${1} WHERE NOT EXISTS (SELECT 1 FROM purchase)`
    const story = new Story()
      .sends(0, insert)
      .stops(0, insert)
      .sends(1, insert)
      .waits(1, 0)
      .goesOn(0, insert)
      .writes(0, 1, 'none')
      .replies(0, ok())
      .stops(1, insert)
      .goesOn(1, insert)
      .writes(1, 1, 'none')
      .replies(1, ok())
    expect(timeline(planOf([buy(1)], [buy(2)]), story)).toMatchInlineSnapshot(`
      "
      step  A                                               B
            purchase(user 1, 1 of product 1):
         1  INSERT INTO purchase (user_id) SELECT 1
              WHERE NOT EXISTS (SELECT 1 FROM purchase)
            <stops before its first row>
                                                            purchase(user 2, 1 of product 1):
         2                                                  INSERT INTO purchase (user_id) SELECT 1
                                                              WHERE NOT EXISTS (SELECT 1 FROM purchase)
                                                            <waiting for A>
         3  INSERT goes on
            → 1 written
            = ok
                                                            <... INSERT resumed>
                                                            <stops before its first row>
         4                                                  INSERT goes on
                                                            → 1 written
                                                            = ok
      "
    `)
  })

  test('show what is sent together under one number', () => {
    const story = new Story()
      .sends(0, sql`UPDATE product SET stock = 4 WHERE id = 1`)
      .sendsAlong(1, sql`UPDATE product SET stock = 3 WHERE id = 1`)
      .writes(0, 1, 'none')
      .replies(0, ok())
      .writes(1, 1, 'none')
      .replies(1, ok())
    expect(timeline(planOf([buy(1)], [buy(2)]), story)).toMatchInlineSnapshot(`
      "
      step  A                                               B
            purchase(user 1, 1 of product 1):
         1  UPDATE product SET stock = 4 WHERE id = 1
                                                            purchase(user 2, 1 of product 1):
                                                            <together with A>
         1                                                  UPDATE product SET stock = 3 WHERE id = 1
            → 1 written
            = ok
                                                            → 1 written
                                                            = ok
      "
    `)
  })

  test('break long statements and long words', () => {
    const story = new Story()
      .sends(
        1,
        sql`
          INSERT INTO purchase (user_id, product_id, quantity)
          SELECT ${1}, ${1}, ${1} WHERE EXISTS (SELECT 1 FROM product WHERE id = ${1} AND stock >= ${1})
            AND note = ${'x'.repeat(60)}`,
      )
      .writes(1, 1, 'none')
      .replies(1, ok())
    expect(timeline(planOf([buy(1)], [buy(2)]), story)).toMatchInlineSnapshot(`
      "
      step  A                                               B
                                                            purchase(user 2, 1 of product 1):
         1                                                  INSERT INTO purchase (user_id, product_id,
                                                              quantity) SELECT 1, 1, 1 WHERE EXISTS
                                                              (SELECT 1 FROM product WHERE id = 1 AND
                                                              stock >= 1) AND note = 'xxxxxxxxxxxxxxxxxxxx
                                                              xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'
                                                            → 1 written
                                                            = ok
      "
    `)
  })
})

describe('showRow', () => {
  test('is a row in one line, with values as SQL writes them', () => {
    expect(showRow({ id: 1, code: "C'1", active: true, cap: null })).toBe(
      "id 1, code 'C''1', active true, cap NULL",
    )
    expect(showRow({})).toBe('')
  })
})

describe('whatever happened', () => {
  const character = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 1 })
  const unit = fc.oneof(
    { arbitrary: character, weight: 20 },
    { arbitrary: fc.constant('\n'), weight: 1 },
  )
  const text = fc.string({ unit, maxLength: 250 })
  const command = purchase.arbitrary.command as fc.Arbitrary<AnyCommand>
  const rows = fc.array(fc.dictionary(fc.string({ maxLength: 60 }), fc.oneof(text, fc.integer())), {
    maxLength: 6,
  })

  /** One thing after another happens to some actor, without regard to whether it could. */
  const storyArbitrary = (actors: number, words: fc.Arbitrary<string>): fc.Arbitrary<Story> => {
    const actor = fc.nat({ max: actors - 1 })
    const happening: fc.Arbitrary<(story: Story) => unknown> = fc.oneof(
      fc.tuple(actor, words).map(
        ([id, param]) =>
          (story: Story) =>
            story.sends(id, sql`UPDATE product SET note = ${param} WHERE id = ${1}`),
      ),
      fc.tuple(actor, fc.nat()).map(
        ([id, ms]) =>
          (story: Story) =>
            story.sends(id, { kind: 'sleep', ms }),
      ),
      fc.tuple(actor, fc.array(actor)).map(
        ([id, by]) =>
          (story: Story) =>
            story.waits(id, ...by),
      ),
      fc.tuple(actor, rows).map(
        ([id, some]) =>
          (story: Story) =>
            story.returns(id, some),
      ),
      fc.tuple(actor, fc.nat()).map(
        ([id, some]) =>
          (story: Story) =>
            story.writes(id, some),
      ),
      fc.tuple(actor, words).map(
        ([id, message]) =>
          (story: Story) =>
            story.fails(id, { ...deadlock, message }),
      ),
      actor.map((id) => (story: Story) => story.commits(id)),
      fc.tuple(actor, words).map(
        ([id, reason]) =>
          (story: Story) =>
            story.replies(id, rejected(reason)),
      ),
    )
    return fc.array(happening, { maxLength: 30 }).map((happenings) => {
      const story = new Story()
      for (const happen of happenings) happen(story)
      return story
    })
  }

  const lists = fc.array(command, { minLength: 1, maxLength: 3 })
  const told = (words: fc.Arbitrary<string>) =>
    fc
      .array(lists, { minLength: 1, maxLength: 8 })
      .chain((actors) =>
        fc.tuple(fc.constant(planOf(...actors)), storyArbitrary(actors.length, words)),
      )

  test('no line is wider than 100 columns', () => {
    fc.assert(
      fc.property(told(text), ([plan, { events }]) => {
        for (const line of renderTimeline(purchase, plan, events).split('\n')) {
          expect(line.length).toBeLessThanOrEqual(100)
        }
      }),
    )
  })

  test('no line ends with a blank or holds a code for a terminal', () => {
    fc.assert(
      fc.property(told(text), ([plan, { events }]) => {
        const rendered = renderTimeline(purchase, plan, events)
        expect(rendered).toBe(stripVTControlCharacters(rendered))
        expect(rendered).not.toMatch(/ $/m)
      }),
    )
  })

  // A known fault: a token may come from anywhere, and what is in its data reaches the terminal.
  test('what data hold does not reach the terminal as a code for it', () => {
    const erasing = { ...buy(1), userId: '\u001B[2J' as never }
    const story = new Story().replies(0, rejected('no such product'))
    const rendered = renderTimeline(purchase, planOf([erasing]), story.events)
    expect(rendered).toBe(stripVTControlCharacters(rendered))
  })

  test('every step has its number at the left, once', () => {
    fc.assert(
      fc.property(told(text), ([plan, { events }]) => {
        const lines = renderTimeline(purchase, plan, events).split('\n')
        const numbers = lines.map((line) => /^ {0,3}(\d+) {2}/.exec(line)?.[1]).filter(Boolean)
        const steps = events.flatMap((event) => (event.kind === 'sent' ? [`${event.step}`] : []))
        expect(numbers).toEqual(steps)
      }),
    )
  })

  test('every actor has a lane of its own, in order', () => {
    for (const actors of [1, 2, 3, 4, 8]) {
      const plan = planOf(...Array.from({ length: actors }, () => [restock]))
      const [header = ''] = renderTimeline(purchase, plan, []).split('\n')
      const names = ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H'].slice(0, actors)
      expect(header.match(/\b[A-H]\b/g)).toEqual(names)
      const columns = names.map((name) => header.indexOf(name))
      const story = new Story()
      for (const actor of names.keys()) story.replies(actor, ok())
      const replies = renderTimeline(purchase, plan, story.events)
        .split('\n')
        .filter((line) => line.endsWith('= ok'))
      expect(replies.map((line) => line.indexOf('='))).toEqual(columns)
    }
  })
})
