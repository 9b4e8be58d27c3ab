import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeToken, type AnyCommand, type Recording } from '../../harness/index.ts'
import { fixture, lockstep, type ProgramOptions } from '../fixtures/program.ts'

/** A call that is wrong says so before a server is started: here none could be. */
async function expectRefusal(
  args: readonly string[],
  sentence: string,
  options?: ProgramOptions,
): Promise<void> {
  const ended = await lockstep(args, { ...options, temporaryFolder: '/nonexistent' })
  expect(ended).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: `lockstep: ${sentence}\n`,
  })
}

/** Calls to `explore`, and what is wrong with them. */
const explore: readonly (readonly [string, string])[] = [
  ['', "Required option '--strategy <name>' not specified. See --help."],
  ['--strategy', "Option '--strategy <name>' argument missing. See --help."],
  [
    '--strategy chek-then-insert',
    'There is no strategy "chek-then-insert". Did you mean "check-then-insert"?',
  ],
  [
    '--strategy select-for-update',
    'Strategy "select-for-update" exists more than once: add --workload redemption or --workload purchase.',
  ],
  [
    '--strategy check-then-insert --workload purchase',
    'Strategy "check-then-insert" is for workload "redemption", not "purchase".',
  ],
  [
    '--strategy select-for-updat --workload purchase',
    'There is no strategy for workload "purchase" called "select-for-updat". Did you mean "select-for-update" or "select-for-update-nowait"?',
  ],
  [
    '--strategy check-then-insert --workload redemptoin',
    'There is no workload "redemptoin". Did you mean "redemption"?',
  ],
  [
    '--strategy check-then-insert --database postgre',
    'There is no database "postgre". Did you mean "postgres"?',
  ],
  [
    '--strategy check-then-insert --explorer exaustive',
    'There is no explorer "exaustive". Did you mean "exhaustive"?',
  ],
  [
    '--strategy check-then-insert --isolation serialisable',
    'There is no isolation level "serialisable". Did you mean "serializable"?',
  ],
  [
    '--strategy check-then-insert --isolation snapshot',
    'There is no isolation level "snapshot". Known are: read-uncommitted, read-committed, repeatable-read, serializable.',
  ],
  [
    '--strategy check-then-insert --invariant one-redemption-per-usr',
    'There is no invariant "one-redemption-per-usr". Did you mean "one-redemption-per-user"?',
  ],
  [
    '--strategy check-then-insert --explorer exhaustive --scenario same-usr',
    'There is no scenario "same-usr". Did you mean "same-user"?',
  ],
  [
    '--strategy check-then-insert --explorer random --scenario same-user',
    'Explorer "random" generates its own data and commands: leave --scenario out, or choose a systematic explorer.',
  ],
  [
    '--strategy check-then-insert --grain phases',
    'There is no grain "phases". Did you mean "phase"?',
  ],
  [
    '--strategy check-then-insert --explorer exhaustive --grain overlap',
    'Explorer "exhaustive" cannot enumerate what the server decides: choose a sampling explorer for --grain overlap.',
  ],
  [
    '--strategy check-then-insert --explorer pct --grain statement,overlap',
    'Explorer "pct" never sends statements together: choose random for --grain overlap.',
  ],
  [
    '--strategy check-then-insert --preemptions 2',
    'Explorer "random" generates its own switches: leave --preemptions out, or choose a systematic explorer.',
  ],
  [
    '--strategy check-then-insert --depth 2',
    '--depth is for explorer pct, and not for "random": leave it out, or add --explorer pct.',
  ],
  [
    '--strategy check-then-insert --self-check often',
    '--self-check takes a whole number, at least 0, and not "often".',
  ],
  [
    '--strategy check-then-insert --export spec --json',
    '--export and --json would both print on stdout: leave one of them out.',
  ],
  [
    '--strategy check-then-insert --export spec --database mysql',
    "Only what was found on PostgreSQL can be exported as a specification of PostgreSQL's isolation tester: leave --export out, or say --database postgres.",
  ],
  [
    '--strategy check-then-insert --shedules 3',
    "Unknown option '--shedules'. Did you mean --schedules? See --help.",
  ],
  [
    '--strategy check-then-insert --schedules 0',
    '--schedules takes a whole number, at least 1, and not "0".',
  ],
  [
    '--strategy check-then-insert --schedules many',
    '--schedules takes a whole number, at least 1, and not "many".',
  ],
  [
    '--strategy check-then-insert --actors 9',
    '--actors takes a whole number, 2 to 8, and not "9".',
  ],
  [
    '--strategy check-then-insert --seed 1.5',
    '--seed takes a whole number, -2147483648 to 2147483647, and not "1.5".',
  ],
  [
    '--strategy check-then-insert --time-budget -1',
    '--time-budget takes a number of seconds above 0, and not "-1".',
  ],
  [
    '--strategy check-then-insert please',
    "Too many arguments for 'explore'. Expected 0 arguments but got 1: please. See --help.",
  ],
  ['--strategy ./missing.ts', 'There is no strategy file "./missing.ts".'],
  ['--strategy ./scripts/', 'There is no strategy file "./scripts/".'],
]

describe.concurrent('explore refuses', () => {
  test.for(explore)('%s', ([args, sentence]) =>
    expectRefusal(['explore', ...args.split(' ').filter(Boolean)], sentence),
  )

  test('an unknown name with all known ones where none is near, each of them once', async () => {
    const { exitCode, stderr } = await lockstep(['explore', '--strategy', 'zzz'], {
      temporaryFolder: '/nonexistent',
    })
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(
      /^lockstep: There is no strategy "zzz"\. Known are: check-then-insert, .*\.\n$/,
    )
    expect(stderr.match(/ select-for-update,/g)).toHaveLength(1)
  })

  test('also where a program reads the answer', () =>
    expectRefusal(
      ['explore', '--json', '--strategy', 'chek-then-insert'],
      'There is no strategy "chek-then-insert". Did you mean "check-then-insert"?',
    ))
})

describe.concurrent('explore refuses a file', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'lockstep-files-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test.for([
    [
      'with a syntax error',
      "export default {\n  name: 'x' y\n}",
      (file: string) =>
        `The strategy file "${file}" cannot be loaded: SyntaxError: Expected ',', got 'ident' (${file}:2).`,
    ],
    [
      'in more than the TypeScript that can be stripped',
      'export enum Reply { Ok }',
      (file: string) =>
        `The strategy file "${file}" cannot be loaded: SyntaxError: TypeScript enum is not supported in strip-only mode (${file}:1).`,
    ],
    [
      'that throws',
      "export default null\nthrow new Error('no\\nconfiguration')",
      (file: string) =>
        `The strategy file "${file}" cannot be loaded: Error: no configuration (${file}:2).`,
    ],
    [
      'that imports what is not there',
      "import './nothing.ts'",
      (file: string) =>
        `The strategy file "${file}" cannot be loaded: Error: Cannot find module '${join(file, '../nothing.ts')}' imported from ${file}.`,
    ],
    [
      'without a strategy',
      "export const name = 'x'",
      (file: string) =>
        `The strategy file "${file}" has no strategy as its default export: write "export default defineStrategy({ … })".`,
    ],
    [
      'that never finishes loading',
      'export default await new Promise(() => {})',
      (file: string) =>
        `The strategy file "${file}" is not loaded after 5 s: its top level awaits something that does not come.`,
    ],
  ] as const)('%s', async ([name, text, sentence]) => {
    const file = join(folder, `${name.replaceAll(' ', '-')}.ts`)
    writeFileSync(file, text)
    await expectRefusal(['explore', '--strategy', file], sentence(file), {
      idle: name.includes('never'),
    })
  })

  test('of another workload', () =>
    expectRefusal(
      ['explore', '--strategy', fixture('hangs'), '--workload', 'purchase'],
      'Strategy "hangs" is for workload "redemption", not "purchase".',
    ))

  test('that throws when nobody can catch it any more, as inconclusive', async () => {
    const file = join(folder, 'throws-later.ts')
    writeFileSync(
      file,
      "setTimeout(() => {\n  throw new Error('late')\n})\nexport default await new Promise(() => {})",
    )
    expect(await lockstep(['explore', '--strategy', file])).toEqual({
      exitCode: 3,
      stdout: '',
      stderr: `lockstep: inconclusive: Something that the strategy has started on its own threw Error: late (${file}:2): await all that a command starts, and catch what it throws.\n`,
    })
  })

  test('that ends the process, as inconclusive', async () => {
    const file = join(folder, 'exits.ts')
    writeFileSync(file, 'process.exit(0)')
    expect(await lockstep(['explore', '--strategy', file])).toEqual({
      exitCode: 3,
      stdout: '',
      stderr:
        'lockstep: inconclusive: the code under test ended the process, with process.exit() or alike.\n',
    })
  })
})

const copyWhole = 'Copy it whole, without line breaks.'
const damaged = `The token is damaged: a part of it is missing or changed. ${copyWhole}`

describe.concurrent('replay refuses', () => {
  test.for([
    [[], "Missing required argument 'token'. See --help."],
    [
      ['hello'],
      'This is not a token: a token begins with "ls1.". Copy it whole from the line below "To replay it:".',
    ],
    [
      [''],
      'This is not a token: a token begins with "ls1.". Copy it whole from the line below "To replay it:".',
    ],
    [['ls1.'], damaged],
    [['ls1.AAAA'], damaged],
    [['ls1.not/base64'], damaged],
    [
      ['ls2.AAAA'],
      'The token is of version 2, and this Lockstep reads version 1: replay it with the Lockstep that printed it, or a newer one.',
    ],
  ] as const)('%j', ([args, sentence]) => expectRefusal(['replay', ...args], sentence))

  test.for([
    [
      'a strategy that is not known',
      { strategy: 'mine' },
      [],
      'The token is of strategy "redemption/mine", which is not built in: add --strategy and the file it is in.',
    ],
    [
      'a workload that is not known',
      { workload: 'seats' },
      [],
      'The token is of strategy "seats/check-then-insert", which is not built in: add --strategy and the file it is in.',
    ],
    [
      'another workload than that of the file given',
      { workload: 'seats' },
      ['--strategy', fixture('hangs')],
      'The token is of workload "seats", and strategy "hangs" is for workload "redemption".',
    ],
    [
      'another strategy than the one given',
      {},
      ['--strategy', fixture('hangs')],
      'The token is of strategy "check-then-insert", and this is "hangs".',
    ],
    [
      'an invariant that is not known',
      { invariant: 'no-invariant' },
      [],
      'The token does not fit workload "redemption" of this Lockstep: its tables, commands or invariants were others when the token was made.',
    ],
  ] as const)('a token of %s', ([, change, args, sentence]) => {
    const token = encodeToken({ ...recording, ...change })
    return expectRefusal(['replay', token, ...args], sentence)
  })

  test('a token cut off by one letter', () =>
    expectRefusal(['replay', encodeToken(recording).slice(0, -1)], damaged))
})

const recording: Recording = {
  workload: 'redemption',
  strategy: 'check-then-insert',
  engine: 'postgres',
  isolation: 'read-committed',
  grain: 'statement',
  invariant: 'one-redemption-per-user',
  plan: {
    initial: { coupon: [{ id: 1, code: 'C1', active: true, cap: null }], redemption: [] },
    actors: [[{ kind: 'redeem', userId: 1, code: 'C1' } as AnyCommand]],
    schedule: [],
    attempts: 3,
  },
  trace: [],
}

test.for([
  [['explor'], "Unknown command 'explor'. Did you mean explore? See --help."],
  [['list', '--jsno'], "Unknown option '--jsno'. Did you mean --json? See --help."],
  [['--strategy', 'x'], "Unknown option '--strategy'. See --help."],
] as const)('lockstep refuses %j', ([args, sentence]) => expectRefusal(args, sentence))
