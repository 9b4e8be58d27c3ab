import { expect, describe, test } from 'vitest'
import { fixture, lockstep, lockstepJson, type ProgramOptions } from '../fixtures/program.ts'

const explore = (name: string, ...more: string[]) => [
  'explore',
  '--strategy',
  fixture(name),
  ...more,
]

/** Two actors redeem the same coupon for the same user, whatever is drawn otherwise. */
const fixed = ['--explorer', 'exhaustive', '--scenario', 'same-user']

/** The reason that stands under the first line, as the one sentence that it is. */
async function reasonOf(name: string, options?: ProgramOptions): Promise<string> {
  const { exitCode, stdout, stderr } = await lockstep(explore(name, ...fixed), options)
  expect(exitCode).toBe(3)
  expect(stderr).toBe(name === 'hangs' ? 'hanging\n' : '')
  const [first, ...lines] = stdout.split('\n')
  expect(first).toMatch(RegExp(`^INCONCLUSIVE  redemption/${name} on PostgreSQL .*-committed$`))
  const end = lines.findIndex((line) => line.startsWith('  0 schedules of scenario same-user '))
  // No invariant is said to have held where no schedule was judged.
  expect(lines.slice(end + 1)).toEqual([''])
  return lines
    .slice(0, end)
    .map((line) => line.trim())
    .join(' ')
}

const idle = { idle: true }
const hangs =
  'actor A neither sent a statement nor ended within 5000 ms. Waiting goes through session.sleep, and every statement through the session.'
const command = 'redeem(user 1, C1) of actor A'

describe.concurrent('a strategy that cannot be judged is inconclusive: it', () => {
  test.for<[string, RegExp | string, ProgramOptions?]>([
    ['hangs', `Strategy "hangs" hangs: ${hangs}`, idle],
    ['own-connection', `Strategy "own-connection" hangs: ${hangs}`, idle],
    [
      'holds-lock-elsewhere',
      /^A statement neither completed nor was confirmed to wait for another actor within 5000 ms: actor A is in "UPDATE coupon SET active = active WHERE code = 'C1'", waiting for session \d+, which is not of this run\.$/,
      idle,
    ],
    [
      'throws-string',
      `Strategy "throws-string" threw the string "no luck" in ${command}: only errors of the database may leave a strategy.`,
    ],
    [
      'throws-type-error',
      `Strategy "throws-type-error" threw TypeError: Cannot read properties of undefined (reading 'id') (${fixture('throws-type-error')}:9) in ${command}: only errors of the database may leave a strategy.`,
    ],
    [
      'leaves-transaction-open',
      `Strategy "leaves-transaction-open" ended ${command} with its transaction open: it must COMMIT or ROLLBACK.`,
    ],
    [
      'two-at-once',
      'Strategy "two-at-once" sent "SELECT 2 AS two" as actor A while "SELECT 1 AS one" was still under way: a session does one statement at a time, so await each before the next.',
    ],
    [
      'forgets-await',
      `Strategy "forgets-await" ended ${command} while a statement was still under way: await every one.`,
    ],
    [
      'returns-nothing',
      `Strategy "returns-nothing" returned the value undefined from ${command}: it must return ok(), rejected(reason) or aborted(error).`,
    ],
    [
      'retries-forever',
      'The run was stopped after 500 steps: strategy "retries-forever" may never end. A retry loop has to stop after session.attempts.',
    ],
    [
      'throws-later',
      `Something that the strategy has started on its own threw TypeError: the cache is cold (${fixture('throws-later')}:9): await all that a command starts, and catch what it throws.`,
    ],
    [
      'rejects-unheard',
      `Something that the strategy has started on its own threw Error: no mail server (${fixture('rejects-unheard')}:16): await all that a command starts, and catch what it throws.`,
    ],
    [
      'bad-schema',
      'The tables of strategy "bad-schema" cannot be made, perhaps because of its schema: PostgreSQL did not do what Lockstep asked of it: relation "copuon" does not exist.',
    ],
  ])('%s', async ([name, reason, options]) => {
    const found = await reasonOf(name, options)
    if (typeof reason === 'string') expect(found).toBe(reason)
    else expect(found).toMatch(reason)
  })

  test('never-queries, where nothing else does', async () => {
    const document = await lockstepJson(explore('never-queries', ...fixed))
    expect(document).toMatchObject({
      exitCode: 3,
      verdict: 'inconclusive',
      fault: 'strategy',
      reason:
        'Strategy "never-queries" sent no statement, so there was nothing to interleave: its statements must go through the session it is given.',
    })
  })

  test('loops without a pause', async () => {
    const document = await lockstepJson(explore('loops'), { abrupt: true, idle: true })
    expect(document).toEqual({
      exitCode: 3,
      verdict: 'inconclusive',
      fault: 'strategy',
      reason:
        'The strategy computed for 5 s without a pause, and was stopped: it has a loop that never ends.',
    })
  })

  test('bad-sql, of which nothing ever succeeds', async () => {
    const document = await lockstepJson(explore('bad-sql', ...fixed))
    expect(document.exitCode).toBe(3)
  })

  test('ends-process', async () => {
    expect(await lockstep(explore('ends-process'), { abrupt: true })).toEqual({
      exitCode: 3,
      stdout: '',
      stderr:
        'lockstep: inconclusive: the code under test ended the process, with process.exit() or alike.\n',
    })
  })
})

describe.concurrent('an application that cannot be judged is told what to do about it: it', () => {
  test.for<[string, readonly string[], RegExp]>([
    [
      'never-awaits',
      [],
      /^Application "never-awaits" sent "SELECT coupon_id FROM redemption" while none of its commands was running: |^Strategy "never-awaits" (ended .* while a statement was still under way: await every one|sent "SELECT coupon_id FROM redemption" as actor [AB] (after its commands had ended|while .* was still under way): )/,
    ],
    [
      'never-listens',
      ['--faults', 'connection'],
      /^Something that the application has started on its own threw Error: Connection terminated unexpectedly, after a fault of the plan had broken a connection: listen for the errors of its pool and of its connections \(in node-postgres, pool\.on\('error', …\) and client\.on\('error', …\)\), which nobody else hears of, and which would end its process in production as well\.$/,
    ],
    [
      'never-reconnects',
      ['--faults', 'connection'],
      /^Application "never-reconnects" threw Error: Client has encountered a connection error and is not queryable \(scripts\/fixtures\/strategies\/never-reconnects\.ts:\d+\) in redeem\(user 1, C1\) of actor [AB], as a fault of an earlier run had broken its connection: an application has to connect again when it finds a connection lost, since it runs on from one run to the next\.$/,
    ],
  ])('%s', async ([name, more, reason]) => {
    const document = await lockstepJson(explore(name, ...fixed, ...more))
    expect(document).toMatchObject({
      exitCode: 3,
      verdict: 'inconclusive',
      reason: expect.stringMatching(reason),
    })
  })
})

describe.concurrent('a strategy that can be judged is: it', () => {
  test('says ok without asking the database', async () => {
    const args = ['--explorer', 'exhaustive', '--scenario', 'withdrawn']
    const document = await lockstepJson(explore('never-queries', ...args))
    expect(document).toMatchObject({
      exitCode: 1,
      counterexample: { invariant: 'ok-has-its-redemption' },
    })
  })

  test('leaves a connection of its own behind', async () => {
    const document = await lockstepJson(
      explore('leaves-connection', '--schedules', '5', '--seed', '1'),
    )
    expect(document).toMatchObject({ exitCode: 0, verdict: 'holds', schedules: 5 })
  })

  test('logs, which goes where messages go', async () => {
    const { exitCode, stdout, stderr } = await lockstep(
      explore('talks', '--schedules', '5', '--seed', '1', '--json'),
    )
    expect(exitCode).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'holds', schedules: 5 })
    expect(stderr).toMatch(/^(redeeming C\d\n)+$/)
  })
})
