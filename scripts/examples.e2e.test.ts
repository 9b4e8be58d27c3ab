/** Every example in the documents does what the document says. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
} from 'node:fs'
import { symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engines, type DatabaseServer } from '../harness/index.ts'
import { serverOrReason, type Missing } from '../harness/testing/servers.ts'
import {
  blocksOf,
  documents,
  essentialsOf,
  examples,
  exitCodeOf,
  type Example,
} from './fixtures/examples.ts'
import { enter, root } from './fixtures/program.ts'

const lockstep = 'npx -y pnpm@12 lockstep'
const explore = `${lockstep} explore`
const retry = `${explore} --workload purchase --strategy repeatable-read-retry`
const tspace = (name: string): string =>
  `${lockstep} simulate --strategy applications/tspace-mysql/${name}.ts --database mysql --seed 1`
const unique = `${explore} --workload redemption --strategy unique-constraint`

/** Why a command is not run here, and where it is. */
const elsewhere: Readonly<Record<string, string>> = {
  'npx -y pnpm@12 test': 'this is part of it',
  'npx -y pnpm@12 bench:detection --results docs/search-power.json': 'it measures for hours',
  'npx -y pnpm@12 soak --schedules 100000 --time-budget 3600': 'it takes an hour',
  'npx -y pnpm@12 soak --database mysql,mariadb --lanes 4 --json': 'it takes many minutes',
  [`${lockstep} replay ls1.…`]: 'the token is cut short; explore.e2e.test.ts replays whole ones',
  'npx -y pnpm@12 test:props': 'it takes a quarter of an hour, and is run beside the tests',
  'npx -y pnpm@12 test:props corpus': 'test-props.e2e.test.ts begins the same',
  'npx -y pnpm@12 test:props --help': 'test-props.e2e.test.ts calls it',
  "node scripts/run-workflow.ts .github/workflows/ci.yml --job properties report --matrix shard=1/1 --without Install --without 'Let MariaDB say who holds a lock' --env LOCKSTEP_POSTGRES_URL= --env LOCKSTEP_MYSQL_URL= --env LOCKSTEP_MARIADB_URL= --env LOCKSTEP_REQUIRE=postgres --env LOCKSTEP_DATABASES=postgres --env LOCKSTEP_TIME_BUDGET=60":
    'workflow.e2e.test.ts does the same in a repository of its own',
  [`${explore} --strategy ./scripts/fixtures/strategies/unlogged-table.ts --faults all`]:
    'explore.e2e.test.ts does it, with a server of its own that can be killed',
  [`${lockstep} compare --resume`]: 'compare.e2e.test.ts goes on with what was interrupted',
  'npx -y pnpm@12 docs:api': 'pnpm check makes the same, without writing it',
  ...Object.fromEntries(
    [
      'npx -y pnpm@12 pack',
      'npm install --save-dev ./lockstep-0.1.0.tgz vitest',
      'pnpm add -D --config.strict-dep-builds=false ./lockstep-0.1.0.tgz vitest',
      'npx lockstep init',
      'npm test',
    ].map((command) => [command, 'package.e2e.test.ts does it in a project of its own']),
  ),
  [`${explore} --strategy ./applications/tspace-mysql/no-row-lock.ts --database mysql --isolation serializable --schedules 40`]:
    'each deadlock makes the library wait for a second, so that it takes minutes',
  'npx vitest run booking.test.ts': 'package.e2e.test.ts runs it where it belongs',
}

/** The same in a smaller measure, where the whole takes too long here. */
const smaller: Readonly<Record<string, string>> = {
  [`${explore} --workload redemption --strategy select-for-update --database all --isolation all`]:
    '--schedules 20 --grain statement',
  [`${explore} --workload purchase --strategy select-for-update --explorer exhaustive --actors 3`]:
    '--preemptions 1',
  [`${explore} --strategy read-modify-write --isolation repeatable-read --json`]: '--schedules 50',
  [`${explore} --strategy conditional-update --database all --isolation all --schedules 200`]:
    '--schedules 10',
  [`${retry} --database mariadb --isolation repeatable-read --snapshot-isolation on --schedules 300`]:
    '--schedules 50',
  [`${explore} --workload redemption --strategy lock-missing-row --database mysql --isolation repeatable-read --explorer exhaustive --invariant one-redemption-per-user`]:
    '--preemptions 1',
  [`${unique} --database mariadb --isolation repeatable-read --explorer exhaustive --snapshot-isolation on`]:
    '--preemptions 1',
  [`${unique} --database mariadb --isolation repeatable-read --explorer exhaustive --snapshot-isolation off`]:
    '--preemptions 1',
  [`${explore} --workload redemption --strategy cap-counter --database mariadb --isolation repeatable-read,serializable --explorer exhaustive --snapshot-isolation on`]:
    '--preemptions 1',
  [`${explore} --workload purchase --strategy for-share-then-update --database mysql --explorer exhaustive`]:
    '--preemptions 1',
  [`${lockstep} compare --quick --database postgres --workload purchase`]:
    '--strategy purchase/select-for-update --only safety --schedules 10 --seeds 1 --output lockstep-results/quick',
  [`${lockstep} compare --strategy purchase/select-for-update,purchase/optimistic-version --database postgres --isolation read-committed --only cost --load-time 2 --repetitions 10 --output lockstep-results/locks`]:
    '--load-time 0.2 --repetitions 1 --clients 1',
  [`${lockstep} hermitage --database all`]: '--case p4,g1a',
  [`${explore} --strategy ./applications/shop-service/row-lock.ts`]: '--schedules 40',
  [`${explore} --strategy ./applications/prisma/read-after-violation.ts --schedules 100`]:
    '--schedules 20',
  [`${explore} --strategy ./applications/pg/unique-constraint.ts --faults connection`]:
    '--schedules 60',
  ...Object.fromEntries(
    ['row-lock', 'no-row-lock', 'swallowed-error'].map((name) => [tspace(name), '--clients 20']),
  ),
}

/** How those end that have no output in the document: it says in words what comes of them. */
const exitCodes: Readonly<Record<string, number>> = {
  [`${explore} --workload redemption --strategy check-then-insert --database postgres`]: 1,
  [`${explore} --strategy ./my-strategy.ts`]: 1,
  [`${explore} --strategy ./applications/typeorm/version-column.ts`]: 1,
  [`${explore} --strategy ./applications/prisma/withdrawn-unseen.ts`]: 1,
  'npx lockstep explore --strategy ./strategies/check-then-book.ts': 1,
  [`${explore} --workload checkout --strategy lock-both --database postgres --isolation repeatable-read`]: 1,
  [`${retry} --database mariadb --isolation repeatable-read --snapshot-isolation off`]: 1,
  [`${explore} --workload purchase --strategy missing-transaction --database mysql --isolation serializable`]: 1,
  [`${explore} --strategy unique-constraint --invariant redemptions-within-cap`]: 1,
  [`${explore} --strategy insert-where-not-exists --explorer reduced --grain phase`]: 1,
  [`${explore} --strategy read-modify-write --invariant serial-equivalence --explorer pct`]: 1,
  [`${explore} --strategy read-modify-write --keep counterexamples`]: 1,
  [`${lockstep} simulate --strategy check-then-insert --clients 100`]: 1,
  [tspace('no-row-lock')]: 1,
  [`${explore} --strategy naive-retry --faults connection`]: 1,
  [`${explore} --strategy ./applications/postgres-js/select-for-update.ts --faults connection --seed 1`]: 3,
  [tspace('swallowed-error')]: 1,
  [`${lockstep} replay properties/corpus/postgres/read-committed/purchase.read-modify-write.stock-conserved.json`]: 1,
}

/** The languages of blocks, and whether something is done with them. */
const languages = new Set(['sh', 'ts', 'text', 'json', 'yaml', ''])

/** All of them together, as most wait for their turn; and one that has its turn. */
const limitMs = 900_000
const commandLimitMs = 120_000
const all = examples()
const commands = new Map(all.map((example) => [example.command, example]))
const toRun = [...commands.values()].filter(({ command }) => !(command in elsewhere))
const whole = documents()
  .flatMap((document) => blocksOf(document))
  .filter(({ language }) => language === 'ts')

let folder: string
const servers: Record<string, DatabaseServer | Missing> = {}

/**
 * A folder that looks like the checkout to the commands, with what the documents tell to save in it,
 * and an `npx` that goes straight to the command line.
 */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lockstep-examples-'))
  for (const name of readdirSync(root)) {
    if (!name.startsWith('.') && name !== template)
      symlinkSync(join(root, name), join(folder, name))
  }
  for (const { name, text } of whole) if (name) writeFileSync(join(folder, name), text)
  cpSync(join(root, template), join(folder, template), { recursive: true })
  mkdirSync(join(folder, 'expected'))
  const fixtures = join(root, 'harness/spec/fixtures')
  copyFileSync(join(fixtures, 'specs/foreign-key.spec'), join(folder, 'deadlock.spec'))
  copyFileSync(join(fixtures, 'expected/foreign-key.out'), join(folder, 'expected/deadlock.out'))
  for (const age of ['old', 'new']) {
    mkdirSync(join(folder, age))
    const results = join(root, 'harness/report/html/fixtures/results.json')
    copyFileSync(results, join(folder, age, 'results.json'))
  }
  mkdirSync(join(folder, 'bin'))
  writeFileSync(join(folder, 'bin/npx'), npx)
  chmodSync(join(folder, 'bin/npx'), 0o755)
  await Promise.all(
    engines.map(async (engine) => {
      servers[engine.name] = await serverOrReason(engine)
    }),
  )
}, limitMs)

afterAll(async () => {
  const stopping = Object.values(servers).map(async (server) => {
    if (!('missing' in server)) await server.stop()
  })
  await Promise.all(stopping)
  rmSync(folder, { recursive: true, force: true })
})

/** The folder with the example of `lockstep init`. */
const template = 'template'

/** Where the document's reader is: in the checkout, or in a project with the example in it. */
const placeOf = (document: string): string =>
  /^template\/|your-own-project/.test(document) ? join(folder, template) : folder

const npx = `#!/bin/sh
if [ "$1 $2" = '-y pnpm@12' ]; then shift 2; fi
if [ "$1" != lockstep ]; then echo "Only lockstep is run here, and not: $*" >&2; exit 97; fi
shift
exec '${process.execPath}' '${join(root, 'scripts/lockstep.ts')}' "$@" $MORE
`

async function run({ command, document }: Example) {
  const leave = await enter()
  try {
    const urls = Object.entries(servers).flatMap(([engine, server]) =>
      'missing' in server ? [] : [[`LOCKSTEP_${engine.toUpperCase()}_URL`, server.url]],
    )
    const child = spawn('sh', ['-c', command], {
      cwd: placeOf(document),
      env: {
        PATH: [join(folder, 'bin'), dirname(process.execPath), process.env['PATH']].join(delimiter),
        TMPDIR: folder,
        NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/lockstep-e2e'),
        MORE: moreFor(command).join(' '),
        ...Object.fromEntries(urls),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: commandLimitMs,
    })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (text) => (stdout += text))
    child.stderr.on('data', (text) => (stderr += text))
    const [exitCode] = await once(child, 'close')
    return { exitCode: exitCode as unknown, stdout, stderr }
  } finally {
    leave()
  }
}

/** With a seed, a test does not depend on luck. */
const seed = '--seed 1'

/** Whether schedules are drawn by chance. */
const isDrawn = (command: string): boolean =>
  command.includes(' explore ') && !/--explorer (?:exhaustive|reduced)/.test(command)

/** What is added to a command. All share one server of each engine, which takes only so many connections. */
const moreFor = (command: string): string[] => [
  ...(smaller[command] === undefined ? [] : [smaller[command]]),
  ...(command.includes(' simulate ') ? ['--clients 40'] : []),
  ...(isDrawn(command) ? [seed] : []),
]

/** Why an engine that the command names is not there. */
function whyMissing(command: string): string | undefined {
  const [, named = ''] = /--database (\S+)/.exec(command) ?? []
  for (const name of named.split(',')) {
    const server = servers[name]
    if (server && 'missing' in server) return server.missing
  }
  return undefined
}

describe.concurrent('a command', () => {
  test.for(
    toRun.map(
      (example) => [`${example.document}:${example.line}`, example.command, example] as const,
    ),
  )('%s: %s', { timeout: limitMs }, async ([, , example], { skip }) => {
    const { command, output = '' } = example
    const missing = whyMissing(command)
    if (missing !== undefined) skip(missing)
    const began = performance.now()
    const { exitCode, stdout, stderr } = await run(example)
    if (process.env['TIMES']) console.log(Math.round(performance.now() - began), exitCode, command)
    const expected = exitCodes[command] ?? exitCodeOf(output) ?? 0
    expect({ exitCode, ...(exitCode !== expected && { stdout, stderr }) }).toEqual({
      exitCode: expected,
    })
    for (const text of essentialsOf(output)) expect(stdout).toContain(text)
    if (command.endsWith('--json')) JSON.parse(stdout)
  })
})

test('every command that is not run here is in a document, and has its reason', () => {
  for (const table of [elsewhere, smaller, exitCodes]) {
    for (const command of Object.keys(table)) expect([...commands.keys()]).toContain(command)
  }
  const reduced = toRun.filter(({ command }) => moreFor(command).some((more) => more !== seed))
  const counts = `${all.length} command lines, ${commands.size} different: ${toRun.length} are run (${reduced.length} in a smaller measure), ${Object.keys(elsewhere).length} are not`
  process.stderr.write(`Examples: ${counts}\n`)
  expect(toRun.length).toBeGreaterThan(30)
})

test('every block says what it is, and commands stand in blocks of sh', () => {
  for (const { document, line, language, text } of documents().flatMap((each) => blocksOf(each))) {
    const where = `${document}:${line}`
    expect({ where, known: languages.has(language) }).toEqual({ where, known: true })
    if (language === 'sh') continue
    const hasCommand = language === '' && /^(?:npx|pnpm|npm) /m.test(text)
    expect({ where, hasCommand }).toEqual({ where, hasCommand: false })
  }
})

test(
  'every block of TypeScript is a whole module that the compiler takes',
  { timeout: limitMs },
  async () => {
    expect(whole.length).toBeGreaterThan(1)
    const sources = join(folder, 'blocks')
    mkdirSync(sources)
    for (const [index, { text, document }] of whole.entries()) {
      writeFileSync(join(placeOf(document), `block-${index}.ts`), text)
    }
    writeFileSync(join(folder, 'tsconfig.blocks.json'), JSON.stringify(blocksConfig))
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const child = spawn(process.execPath, [tsc, '-p', join(folder, 'tsconfig.blocks.json')])
    let printed = ''
    child.stdout.on('data', (text) => (printed += text))
    await once(child, 'close')
    expect(printed).toBe('')
    expect(child.exitCode).toBe(0)
  },
)

const blocksConfig = {
  extends: join(root, 'tsconfig.json'),
  compilerOptions: {
    paths: {
      lockstep: [join(root, 'harness/index.ts')],
      'lockstep/vitest': [join(root, 'harness/vitest/index.ts')],
    },
  },
  include: ['block-*.ts', `${template}/block-*.ts`],
}
