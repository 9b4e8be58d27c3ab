import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeApplicationLaws } from '../application/laws.ts'
import type { ActorSession, Engine, Lane } from '../databases/engine.ts'
import { describeEngineLaws, type EngineUnderTest } from '../databases/engine-laws.ts'
import { ask, connect, disconnect } from '../databases/engines/innodb/client.ts'
import type { ServerChoice } from '../databases/providers/provider.ts'
import { statement } from '../databases/statement.ts'
import { describeStopLaws } from '../databases/stop-laws.ts'
import { DatabaseFault } from '../errors.ts'
import { describeReply, ok } from '../reply.ts'
import { exhaustive } from '../explorers/exhaustive.ts'
import { executeRun, judge, prepareLane } from '../run.ts'
import { purchase } from '../workloads/purchase.ts'
import { serverOrReason } from './servers.ts'
import { insertWhereNotExists, oneUserTwice, purchaseStrategy } from './strategies.ts'

/** The engine laws on a server of MySQL's or MariaDB's, which is obtained for them alone. */
export async function describeInnodbLaws(engine: Engine, choice: ServerChoice): Promise<void> {
  const title = `${engine.title} (${choice.provider})`
  const server = await serverOrReason(engine, choice)
  const missing = 'missing' in server ? server.missing : undefined
  const obtained = () => {
    if ('missing' in server) throw new Error(server.missing)
    return server
  }
  afterAll(() => ('missing' in server ? undefined : server.stop()))
  const openLane = () => engine.openLane(obtained(), { isolation: engine.defaultIsolation })
  const onLane = async (act: (lane: Lane) => Promise<void>): Promise<void> => {
    const lane = await openLane()
    try {
      await act(lane)
    } finally {
      await lane.close()
    }
  }
  const underTest: EngineUnderTest = {
    title,
    missing,
    open: (isolation = engine.defaultIsolation) => engine.openLane(obtained(), { isolation }),
    outsider: async ({ database }) => {
      const connection = await connect(engine.title, obtained().url, { database })
      return { ask: (text) => ask(connection, text), close: () => disconnect(connection) }
    },
    closerIsVictim: false,
    serializableReadsLock: true,
    userLock: {
      take: statement(["SELECT GET_LOCK(concat(DATABASE(), '.one'), 10)"]),
      release: statement(["SELECT RELEASE_LOCK(concat(DATABASE(), '.one'))"]),
    },
    ownTrigger: [
      `CREATE TRIGGER once BEFORE INSERT ON note FOR EACH ROW
       IF EXISTS (SELECT 1 FROM note) THEN SIGNAL SQLSTATE '45000'; END IF`,
    ],
    countHeld: ({ id }) => `SELECT IS_USED_LOCK('lockstep.stop.${id}') IS NOT NULL AS held`,
    cancel: ({ id }) => `KILL QUERY ${id}`,
    kill: ({ id }) => `KILL CONNECTION ${id}`,
  }
  describeEngineLaws(underTest)
  describeStopLaws(underTest)
  describeApplicationLaws(underTest)

  const suite = missing === undefined ? title : `${title} (not run: ${missing})`
  describe.skipIf(missing !== undefined)(`InnoDB laws: ${suite}`, () => {
    /**
     * All three share the row; A and B then want to write it, and wait for C and for each other. Which
     * of them InnoDB follows depends on who locked first, and is not the same in MySQL and in MariaDB.
     */
    test.for([
      ['first', [2, 0, 1, 0, 1, 0, 2]],
      ['last', [0, 0, 1, 0, 1, 0, 1]],
    ] as const)(
      `lets a run go on in which two wait for each other behind a third, who came %s`,
      ([, schedule]) =>
        onLane(async (lane) => {
          await prepareLane(lane, shareThenUpdate)
          const plan = { ...threeBuyers, schedule, attempts: 1 }
          const { observation } = await executeRun({ lane, strategy: shareThenUpdate, plan })
          const replies = observation.commands.map(({ reply }) => describeReply(reply)).toSorted()
          expect(replies).toEqual(['aborted: deadlock', 'aborted: deadlock', 'ok'])
        }),
    )

    test(`says who is waited for, however many locks they hold`, () =>
      onLane(async (lane) => {
        const names = Array.from({ length: 15 }, (_, index) => `many${index}`)
        const create = names.map((name) => `CREATE TABLE ${name} (id INT PRIMARY KEY)`)
        await lane.prepare([], create)
        const [a, b] = await lane.sessions(2)
        if (!a || !b) throw new Error('two sessions were asked for')
        for (const name of names) await a.execute(statement([`INSERT INTO ${name} VALUES (1)`]), [])
        await a.execute(statement(['BEGIN']), [])
        for (const name of names) await a.execute(lockIn(name), [])
        for (const name of [names[0], names.at(-1)]) {
          const waiting = b.execute(lockIn(name ?? ''), [])
          let waits = await lane.waits([b])
          while (waits.length === 0) waits = await lane.waits([b])
          expect(waits).toEqual([{ session: b, stopped: false, blockers: [a], strangers: [] }])
          await a.execute(statement(['COMMIT']), [])
          await waiting
          await a.execute(statement(['BEGIN']), [])
          for (const each of names) await a.execute(lockIn(each), [])
        }
      }))

    test.for(sideEffects)(`brings back what is changed by %s`, ([, schema, text]) =>
      onLane(async (lane) => {
        await lane.prepare(purchase.tables, [schema])
        const rows = {
          product: [row(1, 5), row(2, 6)],
          purchase: [{ user_id: 1, product_id: 1, quantity: 2 }],
        }
        for (let round = 0; round < 3; round++) {
          await lane.reset(rows)
          expect(await lane.observe()).toEqual(rows)
          const [session] = await lane.sessions(1)
          expect(await session?.execute(statement([text]), [])).toMatchObject({ ok: true })
          expect(await lane.observe()).not.toEqual(rows)
        }
      }),
    )

    test(`keeps what a run has deleted in its indexes until it is over`, () =>
      onLane(async (lane) => {
        await lane.prepare(purchase.tables, [])
        await lane.reset({ product: [row(1, 5)], purchase: [] })
        const [a, b, c] = await lane.sessions(3)
        if (!a || !b || !c) throw new Error('three sessions were asked for')
        await a.execute(statement(['DELETE FROM product WHERE id = 1']), [])
        await sleep(1_500) // longer than the server takes to remove what nobody needs
        for (const session of [b, c]) await session.execute(statement(['BEGIN']), [])
        const lock = statement(['SELECT stock FROM product WHERE id = 1 FOR UPDATE'])
        await b.execute(lock, [])
        const waiting = c.execute(lock, [])
        let waits = await lane.waits([c])
        while (waits.length === 0) waits = await lane.waits([c])
        expect(waits[0]?.blockers).toEqual([b])
        await b.execute(statement(['COMMIT']), [])
        await waiting
      }))

    describe(`follows the transaction through`, () => {
      let lane: Lane
      beforeAll(async () => {
        lane = await openLane()
        await lane.prepare(purchase.tables, [])
      })
      afterAll(() => lane?.close())

      test.for([
        ['ANALYZE TABLE product', 'none'],
        ['CREATE UNIQUE INDEX twice ON purchase (user_id)', 'none'],
        ['SAVEPOINT here', 'open'],
        ['COMMIT AND CHAIN', 'open'],
        ['START TRANSACTION READ ONLY', 'open'],
        ['INSERT INTO product (id, stock) VALUES (1, 1)', 'open'],
        ['SELECT nothing FROM nowhere', 'open'],
      ] as const)('%s, after which it is %s', async ([text, expected]) => {
        await lane.reset({
          product: [row(1, 5)],
          purchase: [1, 2].map((quantity) => ({ user_id: 1, product_id: 1, quantity })),
        })
        const [session] = await lane.sessions(1)
        if (!session) throw new Error('a session was asked for')
        await session.execute(statement(['BEGIN']), [])
        await session.execute(statement(['UPDATE product SET stock = 4']), [])
        const { transaction } = await session.execute(statement([text]), [])
        expect(transaction).toBe(expected)
        await session.execute(statement(['ROLLBACK']), [])
      })
    })

    test(`a lane that cannot be opened leaves no database`, async () => {
      const root = await connect(engine.title, obtained().url)
      try {
        await ask(root, "CREATE USER single@'%' IDENTIFIED BY 'one' WITH MAX_USER_CONNECTIONS 1")
        await ask(root, "GRANT ALL ON *.* TO single@'%'")
        const url = new URL(obtained().url)
        url.username = 'single'
        url.password = 'one'
        const limited = { ...obtained(), url: url.href }
        const databases = () => ask<unknown[]>(root, "SHOW DATABASES LIKE 'lockstep%'")
        const before = await databases()
        await expect(
          engine.openLane(limited, { isolation: engine.defaultIsolation }),
        ).rejects.toThrow(/ cannot be reached: .*max_user_connections/)
        expect(await databases()).toEqual(before)
      } finally {
        await disconnect(root)
      }
    })

    test(`finds a race inside statements, in the same schedules each time`, async () => {
      const lane = await engine.openLane(obtained(), { isolation: 'read-committed' })
      try {
        for (const [grain, schedules, violations] of [
          ['statement', 2, 0],
          ['phase', 6, 4],
          ['phase', 6, 4],
        ] as const) {
          await prepareLane(lane, insertWhereNotExists, grain)
          const search = exhaustive.search()
          const found: boolean[] = []
          for (let choose = search.next(); choose; choose = search.next()) {
            const run = { lane, strategy: insertWhereNotExists, plan: oneUserTwice, choose, grain }
            found.push(judge(insertWhereNotExists, await executeRun(run)).length > 0)
          }
          expect([found.length, found.filter(Boolean).length]).toEqual([schedules, violations])
        }
      } finally {
        await lane.close()
      }
    })

    test(`sees what a procedure commits that is in a transaction again when it ends`, () =>
      onLane(async (lane) => {
        const taking = purchaseStrategy('overdrawn', async (session, { productId }) => {
          await session.sql`BEGIN`
          await session.sql`UPDATE product SET stock = stock - 9 WHERE id = ${productId}`
          await session.sql`CALL go_on()`
          await session.sql`UPDATE product SET stock = stock + 9 WHERE id = ${productId}`
          await session.sql`COMMIT`
          return ok()
        })
        const schema = ['CREATE PROCEDURE go_on() BEGIN COMMIT; START TRANSACTION; END']
        const overdrawn = { ...taking, schema }
        await prepareLane(lane, overdrawn)
        const [start] = purchase.scenarios.map((scenario) => scenario.start(1))
        const [choose] = [exhaustive.search().next()]
        if (!start || !choose) throw new Error('there is nothing to run')
        const plan = { ...start, attempts: 1, schedule: [] }
        const record = await executeRun({ lane, strategy: overdrawn, plan, choose })
        expect(judge(overdrawn, record).map(({ invariant }) => invariant)).toContain(
          'stock-never-negative',
        )
      }))

    test(`says why statements cannot be stopped where triggers are not allowed`, async () => {
      const root = await connect(engine.title, obtained().url)
      let lane: Lane | undefined
      try {
        await ask(root, "CREATE USER untriggered@'%' IDENTIFIED BY 'one'")
        await ask(root, "GRANT ALL ON *.* TO untriggered@'%'")
        await ask(root, "REVOKE TRIGGER ON *.* FROM untriggered@'%'")
        const url = new URL(obtained().url)
        url.username = 'untriggered'
        url.password = 'one'
        const limited = { ...obtained(), url: url.href }
        lane = await engine.openLane(limited, { isolation: engine.defaultIsolation })
        const error = await prepareLane(lane, shareThenUpdate, 'phase').catch((thrown) => thrown)
        expect(error).toBeInstanceOf(DatabaseFault)
        expect((error as Error).message).toMatch(
          /^Statements cannot be stopped between what they read and what they write, which takes triggers on the tables\. M\w+ did not do what Lockstep asked of it: TRIGGER command denied to user 'untriggered'@/,
        )
        expect(lane.stops).toBe(false)
      } finally {
        await lane?.close()
        await ask(root, "DROP USER IF EXISTS untriggered@'%'")
        await disconnect(root)
      }
    })

    test(`writes values back without emptying tables, where statements can be stopped`, () =>
      onLane(async (lane) => {
        await lane.prepare(purchase.tables, [])
        await lane.addStops()
        const rows = { product: [row(1, 5)], purchase: [] }
        await lane.reset(rows)
        const [session] = await lane.sessions(1)
        if (!session) throw new Error('a session was asked for')
        const reader = await connect(engine.title, obtained().url, { database: lane.database })
        try {
          for (const text of ['UPDATE product SET stock = 4', 'SELECT * FROM product FOR UPDATE']) {
            expect(await session.execute(statement([text]), [])).toMatchObject({ ok: true })
            // It keeps the table from being emptied, and nobody from writing to it.
            await ask(reader, 'BEGIN')
            await ask(reader, 'SELECT * FROM product')
            await lane.reset(rows)
            await ask(reader, 'COMMIT')
            expect(await lane.observe()).toEqual(rows)
          }
        } finally {
          await disconnect(reader)
        }
      }))

    test(`what BEGIN commits is seen`, () =>
      onLane(async (lane) => {
        const nested = purchaseStrategy('nested', (session) =>
          session.transaction(async (tx) => {
            await tx.sql`UPDATE product SET stock = ${-1}`
            return session.transaction(async (inner) => {
              await inner.sql`UPDATE product SET stock = ${5}`
              return ok()
            })
          }),
        )
        await prepareLane(lane, nested)
        const plan = {
          ...threeBuyers,
          actors: threeBuyers.actors.slice(0, 1),
          schedule: [],
          attempts: 1,
        }
        const { observation } = await executeRun({ lane, strategy: nested, plan })
        expect(observation.committed.map(({ product }) => product?.[0]?.['stock'])).toEqual([
          -1, 5, 5,
        ])
      }))

    describe(`brings back`, () => {
      let lane: Lane
      beforeAll(async () => {
        lane = await openLane()
        const version = 'ALTER TABLE product ADD COLUMN version INT NOT NULL DEFAULT 7'
        await lane.prepare(purchase.tables, [version, 'CREATE TABLE note (id INT PRIMARY KEY)'])
      })
      afterAll(() => lane?.close())

      const two = { product: [row(1, 5), row(2, 6)], purchase: [] }
      const one = { product: [row(1, 9)], purchase: [{ user_id: 1, product_id: 1, quantity: 2 }] }

      const writings: readonly (readonly [what: string, text: string])[] = [
        ['values', 'UPDATE product SET stock = 0'],
        ['values of added columns', 'UPDATE product SET version = version + 1 WHERE id = 1'],
        ['deleted rows', 'DELETE FROM product WHERE id = 1'],
        ['tables without added rows', 'INSERT INTO purchase VALUES (1, 1, 1)'],
        ['keys', 'UPDATE product SET id = id + 10'],
        ['replaced rows', 'REPLACE INTO product (id, stock) VALUES (1, 0)'],
        ['tables that a strategy has added', 'INSERT INTO note VALUES (1)'],
        [
          'what is written in a way that is not understood',
          'UPDATE product p, purchase q SET p.stock = 0',
        ],
        ['rows where nothing was written', 'SELECT * FROM product'],
        [
          'keys behind a subquery',
          'UPDATE product SET stock = (SELECT 1 WHERE 1 = 1), id = id + 10',
        ],
        ['what a DELETE names after USING', 'DELETE FROM p USING product AS p'],
        ['what a DELETE lists', 'DELETE FROM purchase , product USING purchase JOIN product'],
      ]
      test.for(writings)('%s', async ([, text]) => {
        for (const [before, after] of [
          [two, two],
          [two, one],
          [one, two],
          [one, one],
        ] as const) {
          await lane.reset(before)
          const [session] = await lane.sessions(1)
          if (!session) throw new Error('a session was asked for')
          await session.execute(statement([text]), [])
          await lane.reset(after)
          expect(await lane.observe()).toEqual(after)
          expect(await versionsAndNotes(session)).toEqual({
            versions: after.product.map(() => ({ version: 7 })),
            notes: [],
          })
        }
      })
    })
  })
}

const lockIn = (table: string) => statement([`SELECT id FROM ${table} WHERE id = 1 FOR UPDATE`])

/** What changes tables that no statement names. */
const sideEffects: readonly (readonly [what: string, schema: string, text: string])[] = [
  [
    'a trigger',
    'CREATE TRIGGER t AFTER UPDATE ON product FOR EACH ROW INSERT INTO purchase VALUES (1, 1, 1)',
    'UPDATE product SET stock = 0',
  ],
  ['a view', 'CREATE VIEW v AS SELECT id, stock FROM product', 'UPDATE v SET stock = 0'],
  [
    'a foreign key',
    'ALTER TABLE purchase ADD FOREIGN KEY (product_id) REFERENCES product (id) ON DELETE CASCADE',
    'DELETE FROM product',
  ],
  [
    'a function',
    'CREATE FUNCTION empty_stock() RETURNS INT MODIFIES SQL DATA BEGIN UPDATE product SET stock = 0; RETURN 1; END',
    'SELECT empty_stock()',
  ],
]

const row = (id: number, stock: number) => ({ id, stock })

async function versionsAndNotes(session: ActorSession) {
  const versions = await session.execute(statement(['SELECT version FROM product']), [])
  const notes = await session.execute(statement(['SELECT id FROM note']), [])
  return { versions: versions.ok && versions.rows, notes: notes.ok && notes.rows }
}

const shareThenUpdate = purchaseStrategy('share-then-update', (session, { productId, quantity }) =>
  session.transaction(async (tx) => {
    await tx.sql`SELECT stock FROM product WHERE id = ${productId} LOCK IN SHARE MODE`
    await tx.sql`UPDATE product SET stock = stock - ${quantity} WHERE id = ${productId}`
    return ok()
  }),
)

const threeBuyers = {
  initial: { product: [{ id: 1, stock: 5 }], purchase: [] },
  actors: [1, 2, 3].map((userId) => [{ kind: 'purchase', userId, productId: 1, quantity: 1 }]),
}
