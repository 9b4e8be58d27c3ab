import { describe, expect, test } from 'vitest'
import { postgres } from '../databases/engines/postgres/index.ts'
import { UsageError } from '../errors.ts'
import type { IsolationLevel } from '../databases/isolation.ts'
import { statement } from '../databases/statement.ts'
import type { History } from '../history.ts'
import type { Plan } from '../plan.ts'
import { ok } from '../reply.ts'
import { executeRun, prepareLane, type RunRecord } from '../run.ts'
import type { Strategy } from '../strategy.ts'
import { withSpecDatabase } from '../databases/engines/postgres/spec-connections.ts'
import { findIsolationTester, runIsolationTester } from '../testing/isolation-tester.ts'
import { laneForTest, testServer, whyMissing } from '../testing/lane.ts'
import { oppositeOrder, purchaseStrategy } from '../testing/strategies.ts'
import { exportSpec, type ExportedRun } from './export.ts'
import { parseSpec } from './parse.ts'
import { runSpec } from './run.ts'

const readThenWrite = purchaseStrategy('read-then-write', (session, command) =>
  session.transaction(async (tx) => {
    const [product] = await tx.sql`SELECT stock FROM product WHERE id = ${command.productId}`
    await tx.sql`UPDATE product
      SET stock = ${product.stock - command.quantity} WHERE id = ${command.productId}`
    await tx.sql`INSERT INTO purchase VALUES (${command.userId}, ${command.productId}, ${command.quantity})`
    return ok()
  }),
)

const buy = (userId: number, productId: number) => ({
  kind: 'purchase',
  userId,
  productId,
  quantity: 1,
})

const twoBuyers = (schedule: readonly number[], productIds = [1, 1]): Plan => ({
  initial: {
    product: [
      { id: 1, stock: 5 },
      { id: 2, stock: -7 },
    ],
    purchase: [],
  },
  actors: productIds.map((productId, index) => [buy(index + 1, productId)]),
  schedule,
  attempts: 1,
})

async function runPlan(
  strategy: Strategy,
  plan: Plan,
  isolation: IsolationLevel,
): Promise<{ record: RunRecord; spec: string }> {
  const lane = await laneForTest(isolation)
  await prepareLane(lane, strategy)
  const record = await executeRun({ lane, strategy, plan })
  const { initial } = plan
  const { history } = record
  const spec = exportSpec({
    strategy,
    engine: 'postgres',
    isolation,
    initial,
    history,
    remarks: ['what it is', 'and how\nit was found'],
  })
  return { record, spec }
}

async function transcriptOf(spec: string): Promise<string> {
  let printed = ''
  const { ended, cancelled } = await runSpec({
    server: testServer(),
    spec: parseSpec(spec),
    name: 'exported',
    write: (_stream, text) => {
      printed += text
    },
  })
  expect({ ended, cancelled }).toEqual({ ended: undefined, cancelled: 0 })
  return printed
}

describe.skipIf(whyMissing(postgres))('an exported run', () => {
  test('is read, and ends as it did', async () => {
    const { record, spec } = await runPlan(
      readThenWrite,
      twoBuyers([0, 0, 1, 0, 1]),
      'read-committed',
    )
    expect(spec).toBe(`# what it is
# and how
# it was found

setup
{
  CREATE SCHEMA counterexample;
  SET search_path TO counterexample;
  CREATE TABLE product (id INT PRIMARY KEY, stock INT NOT NULL);
  CREATE TABLE purchase (user_id INT NOT NULL, product_id INT NOT NULL, quantity INT NOT NULL);
  INSERT INTO product (id, stock) VALUES (1, 5), (2, (-7));
}

teardown
{
  DROP SCHEMA counterexample CASCADE;
  RESET search_path;
}

session A
setup
{
  SET search_path TO counterexample;
  SET default_transaction_isolation TO 'read committed';
}
step a1 { BEGIN; }
step a2 { SELECT stock FROM product WHERE id = 1; }
step a3 { UPDATE product SET stock = 4 WHERE id = 1; }
step a4 { INSERT INTO purchase VALUES (1, 1, 1); }
step a5 { COMMIT; }

session B
setup
{
  SET search_path TO counterexample;
  SET default_transaction_isolation TO 'read committed';
}
step b1 { BEGIN; }
step b2 { SELECT stock FROM product WHERE id = 1; }
step b3 { UPDATE product SET stock = 4 WHERE id = 1; }
step b4 { INSERT INTO purchase VALUES (2, 1, 1); }
step b5 { COMMIT; }

session after
setup
{
  SET search_path TO counterexample;
}
step show_product { SELECT id, stock FROM product ORDER BY id, stock; }
step show_purchase { SELECT user_id, product_id, quantity FROM purchase ORDER BY user_id, product_id, quantity; }

permutation a1 a2 b1 b2 a3 a4 a5 b3 b4 b5 show_product show_purchase
`)
    expect(record.observation.final['product']).toEqual([
      { id: 1, stock: 4 },
      { id: 2, stock: -7 },
    ])
    expect(await transcriptOf(spec)).toContain(
      '\nid|stock\n--+-----\n 1|    4\n 2|   -7\n(2 rows)\n',
    )
  })

  test('waits where it waited', async () => {
    const plan = twoBuyers([0, 0, 1, 0, 0, 1])
    const { record, spec } = await runPlan(readThenWrite, plan, 'repeatable-read')
    expect(record.history.some(({ kind }) => kind === 'blocked')).toBe(true)
    const printed = await transcriptOf(spec)
    expect(printed).toContain(' <waiting ...>\n')
    expect(printed).toContain('ERROR:  could not serialize access due to concurrent update\n')
  })

  test('has the same victim of a deadlock', async () => {
    for (const schedule of [
      [0, 0, 1, 0, 1],
      [0, 0, 1, 0, 0],
    ]) {
      const plan = twoBuyers(schedule, [1, 2])
      const { record, spec } = await runPlan(oppositeOrder, plan, 'read-committed')
      const failed = record.history.find(({ kind }) => kind === 'failed')
      const victim = failed?.actor === 0 ? 'a3' : 'b3'
      expect(spec).toContain(` ${victim}(*) `)
      const printed = await transcriptOf(spec)
      expect(printed).toContain(`step ${victim}: <... completed>\nERROR:  deadlock detected\n`)
      const tool = findIsolationTester()
      if (tool === undefined) continue
      const expected = await withSpecDatabase(testServer(), (url) =>
        runIsolationTester(tool, url, 'exported', spec),
      )
      expect(sorted(printed)).toEqual(sorted(expected))
    }
  })
})

describe('a run with faults', () => {
  const insistent = purchaseStrategy('insistent', async (session, command) => {
    const attempt = () => readThenWrite.handler('purchase')(session, command)
    return attempt().catch(attempt)
  })
  const plan = twoBuyers([0, 0, 0, 1, 1, 1])

  test('says of a session that was ended that it was rolled back', async () => {
    const faults = [{ actor: 0, step: 3, kind: 'session-killed' } as const]
    const { record, spec } = await runPlan(insistent, { ...plan, faults }, 'read-committed')
    expect(spec).toContain(
      '# fault: the server ends the session; the server rolls back\nstep a4 { ROLLBACK; }\n',
    )
    expect(await transcriptOf(spec)).not.toContain('ERROR')
    expect(record.observation.final['purchase']).toHaveLength(2)
    // What was sent in vain is not there.
    expect(spec.match(/step a\d+ /g)).toHaveLength(
      record.history.filter(({ kind, actor }) => kind === 'sent' && actor === 0).length,
    )
  })

  test('has what was done without an answer, and says so', async () => {
    const faults = [{ actor: 0, step: 4, kind: 'answer-lost' } as const]
    const { record, spec } = await runPlan(insistent, { ...plan, faults }, 'read-committed')
    expect(spec).toContain(
      '# fault: the connection breaks before its answer; it was done\nstep a5 { COMMIT; }\n',
    )
    expect(record.observation.final['purchase']).toHaveLength(3)
    expect((await transcriptOf(spec)).match(/^ +\d\| +1\| +1$/gm)).toHaveLength(3)
  })

  test('cannot be said where it ended a wait', async () => {
    const faults = [{ actor: 1, step: 2, kind: 'statement-timeout' } as const]
    await expect(runPlan(insistent, { ...plan, faults }, 'read-committed')).rejects.toThrow(
      /^The counterexample has a fault \(the server cancels the statement\), which .* without --faults\.$/,
    )
  })
})

/** Who is reported first when a deadlock ends both waits is for the clock to say. */
const sorted = (transcript: string): string[] => transcript.split('\n').toSorted()

const exported: ExportedRun = {
  strategy: readThenWrite,
  engine: 'postgres',
  isolation: 'read-committed',
  initial: { product: [], purchase: [] },
  history: [],
  remarks: [],
}

const sending = (...steps: History): string => exportSpec({ ...exported, history: steps })
const sent = (
  of: ReturnType<typeof statement>,
  step = 1,
  connection?: number,
): History[number] => ({
  kind: 'sent',
  actor: 0,
  step,
  request: { kind: 'statement', statement: of, ...(connection !== undefined && { connection }) },
})

test('values stand in their places as literals', () => {
  const values = [-1, 1.5, true, null, "it's", 'back\\slash', '{"a": "}\\"}'] as const
  const parts = ['SELECT 1 -', ', ', ', ', ', ', ', ', ', ', ', ', '\n  AS last;']
  expect(sending(sent(statement(parts, values)))).toContain(
    String.raw`step a1 { SELECT 1 -(-1), 1.5, true, NULL, 'it''s', 'back\slash', U&'{"a": "\007D\\"\007D' AS last; }`,
  )
})

test('what blanks may mean is left alone', () => {
  expect(sending(sent(statement(["SELECT 'two\n  lines'"])))).toContain(
    "{ SELECT 'two\n  lines'; }",
  )
})

test('each connection of an actor is a session', () => {
  const text = sending(sent(statement(['SELECT 1']), 1), sent(statement(['SELECT 2']), 2, 1))
  expect(text).toMatch(
    /session A\n[^]*step a1 { SELECT 1; }\n\nsession A2\n[^]*step a2 { SELECT 2; }/,
  )
})

test('what cannot be said is refused', () => {
  const select = statement(['SELECT 1'])
  expect(() => exportSpec({ ...exported, engine: 'mysql' })).toThrow(UsageError)
  expect(() => sending(sent(statement(["SELECT '{}'"])))).toThrow(
    `cannot hold a "}", and this statement has one: SELECT '{}'`,
  )
  expect(() =>
    sending({ ...sent(select), request: { kind: 'phase', statement: select } } as History[number]),
  ).toThrow(/^The counterexample has a stop inside a statement, which /)
  expect(() => sending(sent(select), { ...sent(select), actor: 1 })).toThrow(
    /^The counterexample has statements that are sent together, which /,
  )
  expect(
    sending({ ...sent(select), request: { kind: 'sleep', ms: 5 } } as History[number]),
  ).toMatch(/\npermutation show_product show_purchase\n$/)
})
