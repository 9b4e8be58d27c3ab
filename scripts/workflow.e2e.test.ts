import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { root } from './fixtures/program.ts'
import { privateFolder, tracesIn } from './fixtures/traces.ts'

const limitMs = 240_000
const workflow = '.github/workflows/ci.yml'

/** A repository like this one, in a folder of its own. */
const folder = privateFolder()
const repository = join(folder, 'repository')
const temporary = join(folder, 'temporary')
const strategy = join(repository, 'strategies/purchase/select-for-update-nowait.ts')
const kept = 'postgres/read-committed/purchase.select-for-update-nowait.stock-conserved.json'

const git = (...args: readonly string[]): string =>
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], {
    cwd: repository,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })

function commit(message: string): void {
  git('add', '.')
  git('commit', '--quiet', '--message', message)
}

beforeAll(() => {
  const listed = ['ls-files', '-z', '--cached', '--others', '--exclude-standard']
  const files = execFileSync('git', listed, { cwd: root, encoding: 'utf8' }).split('\0')
  for (const file of files.filter((name) => name !== '' && existsSync(join(root, name)))) {
    mkdirSync(join(repository, dirname(file)), { recursive: true })
    cpSync(join(root, file), join(repository, file))
  }
  git('init', '--quiet', '--initial-branch', 'main')
  commit('Begin')
  git('checkout', '--quiet', '-b', 'change')
  symlinkSync(join(root, 'node_modules'), join(repository, 'node_modules'))
  mkdirSync(temporary, { mode: 0o1777 })
})
afterAll(() => {
  endWhatRuns()
  rmSync(folder, { recursive: true, force: true })
})

/** What takes the place of what a service would bring: PostgreSQL alone, and what the change touches. */
const replaced = {
  LOCKSTEP_POSTGRES_URL: '',
  LOCKSTEP_MYSQL_URL: '',
  LOCKSTEP_MARIADB_URL: '',
  LOCKSTEP_DATABASES: 'postgres',
  LOCKSTEP_REQUIRE: 'postgres',
  LOCKSTEP_STAGES: 'corpus,changed',
  LOCKSTEP_TIME_BUDGET: '20',
  TMPDIR: temporary,
  // What is linked there is not theirs to install.
  pnpm_config_verify_deps_before_run: 'false',
}

interface Outcome {
  readonly exitCode: number
  readonly output: string
  readonly summary: string
}

/** What a machine is set to, such as whom npm trusts; but nothing that is about this run. */
const machine = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(LOCKSTEP_|GITHUB_|VITEST|NODE_OPTIONS$|TEST$|CI$|pnpm_config_)/.test(name),
  ),
)

let running: ChildProcess | undefined

function endWhatRuns(): void {
  if (running?.pid === undefined || running.exitCode !== null) return
  try {
    process.kill(-running.pid, 'SIGKILL')
  } catch {
    // It has just ended.
  }
}

/** The steps of the workflow itself, as the script runs them. */
async function runWorkflow(): Promise<Outcome> {
  const options = '--job properties report --matrix shard=1/1 --without Install'.split(' ')
  const without = ['--without', 'Let MariaDB say who holds a lock']
  const env = Object.entries(replaced).flatMap(([name, value]) => ['--env', `${name}=${value}`])
  const args = ['scripts/run-workflow.ts', workflow, ...options, ...without, ...env]
  rmSync(join(repository, 'step-summary.md'), { force: true })
  rmSync(join(repository, 'results'), { recursive: true, force: true })
  const child = spawn(process.execPath, args, {
    cwd: repository,
    // What Node keeps of compiled code would look like something left behind.
    env: { ...machine, NODE_DISABLE_COMPILE_CACHE: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    // With all that it has started, as it may be waiting for one of them.
    detached: true,
  })
  running = child
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  }
  const [exitCode] = (await once(child, 'close')) as [number]
  const summary = readFileSync(join(repository, 'step-summary.md'), 'utf8')
  return { exitCode, output, summary }
}

describe('the steps of the workflow', { timeout: limitMs }, () => {
  test('go red where a strategy is weakened, show what breaks, and keep it', async () => {
    const text = readFileSync(strategy, 'utf8')
    const weakened = text.replace(' FOR UPDATE NOWAIT`', '`')
    expect(weakened).not.toBe(text)
    writeFileSync(strategy, weakened)
    commit('Read without a lock')
    const { exitCode, output, summary } = await runWorkflow()
    expect({ exitCode, output }).toMatchObject({ exitCode: 1 })
    expect(output).toContain(
      '– properties, shard 1/1: actions/checkout@v5: left out, as it is an action',
    )
    expect(output).toContain('– job properties: "services" is left out')
    expect(output).toContain('LOCKSTEP_SEED=')
    expect(output).toMatch(/^::error file=.*strategies\/purchase\/select-for-update-nowait\.ts,/m)
    expect(summary).toMatch(/^# Lockstep: violated\n/)
    expect(summary).toContain(
      '### purchase/select-for-update-nowait breaks stock-conserved on PostgreSQL at read-committed\n',
    )
    // The lanes of both buyers, and nothing but them.
    expect(summary).toMatch(/\nstep {2}A +B\n/)
    expect(summary).toMatch(/\n +3 {10,}BEGIN\n +4 {10,}SELECT stock FROM product WHERE id = 1\n/)
    expect(summary).toMatch(/\| purchase\/select-for-update-nowait \|.* \*\*VIOLATED\*\* \|/)
    expect(existsSync(join(repository, 'results/corpus', kept))).toBe(true)
    expect(readFileSync(join(repository, 'results/junit-0.xml'), 'utf8')).toContain('<failure ')
  })

  test('go green where it is restored, and what was kept is tried first', async () => {
    const file = join(repository, 'properties/corpus', kept)
    mkdirSync(dirname(file), { recursive: true })
    cpSync(join(repository, 'results/corpus', kept), file)
    git('checkout', '--quiet', 'main', '--', strategy)
    commit('Lock again')
    const { exitCode, output, summary } = await runWorkflow()
    expect({ exitCode, output }).toMatchObject({ exitCode: 0 })
    expect(summary).toMatch(/^# Lockstep: holds\n/)
    expect(summary).not.toContain('## Not as expected')
    const known = Number(/(\d+) known counterexamples repeated/.exec(summary)?.[1])
    expect(known).toBeGreaterThan(40)
    expect(existsSync(join(repository, 'results/corpus'))).toBe(false)
    expect(tracesIn(temporary)).toEqual([])
  })
})
