import { isolationLevels } from '../databases/isolation.ts'
import { platforms, type Platform } from '../hermitage/platform.ts'
import type { Exploration } from '../verdict.ts'
import { count } from '../words.ts'
import { codeBlock, escapeMarkdown, markdownTable } from './markdown.ts'
import type { PropertyRecord } from './property-record.ts'

/** What came of one test. */
export interface PropertyResult {
  /** With all that it stands under. */
  readonly name: string
  readonly state: 'passed' | 'failed' | 'skipped'
  /** Why it was skipped, if it said so. */
  readonly skipped?: string
  /** What it failed with. */
  readonly errors: readonly { readonly name: string; readonly message: string }[]
  readonly records: readonly PropertyRecord[]
}

/** All that a run of the properties has shown, of all its shards. */
export interface PropertyRun {
  readonly results: readonly PropertyResult[]
  /** What went wrong outside all tests: a hook, a file that cannot be loaded. */
  readonly faults: readonly string[]
  readonly isInterrupted: boolean
  /** Whether it is one of several shards, of which some may have nothing to run. */
  readonly isPart: boolean
  readonly seeds: readonly number[]
}

/** The names of errors that say that nothing can be said, and those of a test that took too long. */
const openEnds = new Set([
  'Inconclusive',
  'DatabaseFault',
  'HarnessFault',
  'StrategyFault',
  'UsageError',
])
const tooLong = /^(Test|Hook) timed out in /

/** Whether a test has failed without showing that anything is not as expected. */
export const isInconclusive = ({ errors }: Pick<PropertyResult, 'errors'>): boolean =>
  errors.every(({ name, message }) => openEnds.has(name) || tooLong.test(message))

/**
 * The worst of all tests. What was not run counts as nothing; but if nothing was run at all, nothing is
 * known. A shard of which nothing was run leaves that to whoever merges the reports of all.
 */
export function propertiesVerdict(run: PropertyRun): Exploration['verdict'] {
  const failed = run.results.filter(({ state }) => state === 'failed')
  if (failed.some((result) => !isInconclusive(result))) return 'violated'
  const isOpen = failed.length > 0 || run.faults.length > 0 || run.isInterrupted
  return isOpen || !(hasRun(run) || run.isPart) ? 'inconclusive' : 'holds'
}

/** Whether anything was put to the test. What needs no database may have passed all the same. */
function hasRun(run: PropertyRun): boolean {
  const told = tell(run)
  if (told.length === 0) return run.results.some(({ state }) => state === 'passed')
  return told.some(({ state }) => state !== 'not run')
}

/** What the matrix shows of a strategy at a level, the worst first. */
const cellStates = {
  violated: '**VIOLATED**',
  unexpected: '**not as expected**',
  inconclusive: '**inconclusive**',
  breaks: 'breaks',
  holds: 'holds',
  'not run': 'not run',
} as const

type CellState = keyof typeof cellStates

function stateOf(record: PropertyRecord, { state, records }: PropertyResult): CellState {
  if (record.finding) return 'violated'
  if (record.inconclusive !== undefined) return 'inconclusive'
  if (record.notRun !== undefined || state === 'skipped') return 'not run'
  // Of several records, those that are not as they should be say so themselves.
  if (state === 'failed' && records.length === 1) return 'unexpected'
  return record.broken?.length ? 'breaks' : 'holds'
}

interface Told {
  readonly record: PropertyRecord
  readonly result: PropertyResult
  readonly state: CellState
}

const tell = ({ results }: PropertyRun): readonly Told[] =>
  results.flatMap((result) =>
    result.records.map((record) => {
      const state = stateOf(record, result)
      return {
        record,
        result,
        state: state === 'unexpected' && isInconclusive(result) ? 'inconclusive' : state,
      }
    }),
  )

/** More would not be read, and a service cuts off what is too long. */
const mostShown = 20
const longestText = 30_000

/** A run of the properties as Markdown: what is not as expected, what was not run, and the matrix. */
export function renderPropertySummary(run: PropertyRun): string {
  const told = tell(run)
  return [
    `# Lockstep: ${propertiesVerdict(run)}`,
    totals(run, told),
    ...problems(run),
    ...omissions(run),
    ...platforms.flatMap((platform) => matrixOf(platform, told)),
    repetition(run),
  ]
    .join('\n\n')
    .concat('\n')
}

function totals(run: PropertyRun, told: readonly Told[]): string {
  const tests = (state: PropertyResult['state']): number =>
    run.results.filter((result) => result.state === state).length
  const known = told.filter(
    ({ record, state }) => record.aspect === 'known counterexample' && state !== 'not run',
  )
  const schedules = told.reduce((total, { record }) => total + (record.schedules ?? 0), 0)
  return [
    `${count(tests('passed'), 'property', 'properties')} as expected, ${tests('failed')} not, ${tests('skipped')} not run;`,
    `${count(schedules, 'schedule')}, ${count(known.length, 'known counterexample')} repeated.`,
    ...(run.isInterrupted ? ['**The run was interrupted.**'] : []),
  ].join(' ')
}

function problems(run: PropertyRun): readonly string[] {
  const failed = run.results.filter(({ state }) => state === 'failed').flatMap(problemsOf)
  const all = [
    ...failed,
    ...run.faults.map((fault) => ({
      title: 'Outside all tests',
      parts: [codeBlock(shorten(fault))],
    })),
  ]
  if (all.length === 0) return []
  const shown = all.slice(0, mostShown)
  const rest = all.length - shown.length
  return [
    '## Not as expected',
    ...shown.flatMap(({ title, parts }) => [`### ${title}`, ...parts]),
    ...(rest === 0 ? [] : [`${count(rest, 'more is', 'more are')} in the log.`]),
  ]
}

interface Problem {
  readonly title: string
  readonly parts: readonly string[]
}

function problemsOf(result: PropertyResult): readonly Problem[] {
  const found = result.records.flatMap((record) => findingOf(record))
  if (found.length > 0) return found
  const text = result.errors.map(({ message }) => message).join('\n\n')
  const title = `${isInconclusive(result) ? 'Inconclusive' : 'Not as expected'}: ${escapeMarkdown(result.name)}`
  return [{ title, parts: [codeBlock(shorten(text))] }]
}

function findingOf(record: PropertyRecord): readonly Problem[] {
  if (record.finding === undefined) return []
  const { invariant, text, file } = record.finding
  const place = `${escapeMarkdown(record.strategy)} breaks ${escapeMarkdown(invariant)} on ${platformTitles[record.platform]} at ${record.isolation}`
  const kept =
    file === undefined
      ? []
      : [
          `Kept in ${escapeMarkdown(file)}: among the known counterexamples, it is tried first from now on.`,
        ]
  return [{ title: place, parts: [codeBlock(shorten(text)), ...kept] }]
}

const shorten = (text: string): string =>
  text.length > longestText ? `${text.slice(0, longestText)}\n… (the rest is in the log)` : text

const platformTitles = {
  postgres: 'PostgreSQL',
  mysql: 'MySQL',
  mariadb: 'MariaDB',
  'mariadb with snapshot isolation': 'MariaDB with snapshot isolation',
} as const satisfies Record<Platform, string>

/** How often something was not run, by its reason. */
function omissions(run: PropertyRun): readonly string[] {
  const reasons = new Map<string, number>()
  const add = (reason: string): unknown => reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
  for (const { state, skipped, records } of run.results) {
    const named = records.flatMap(({ notRun }) => notRun ?? [])
    for (const reason of named) add(reason)
    if (state === 'skipped' && named.length === 0)
      add(skipped ?? 'no reason was given; as a rule, its database is missing')
  }
  if (reasons.size === 0) return []
  const rows = [...reasons]
    .toSorted(([, a], [, b]) => b - a)
    .map(([reason, number]) => [String(number), escapeMarkdown(reason)])
  return ['## Not run', markdownTable(['how many', 'why'], rows)]
}

function matrixOf(platform: Platform, all: readonly Told[]): readonly string[] {
  const told = all.filter(
    ({ record }) =>
      (record.platform === platform && record.aspect !== 'new search') ||
      (record.platform === platform && record.notRun === undefined),
  )
  const strategies = [...new Set(told.map(({ record }) => record.strategy))].toSorted()
  if (told.every(({ state }) => state === 'not run')) return []
  const rows = strategies.map((strategy) => [
    escapeMarkdown(strategy),
    ...isolationLevels.map((isolation) =>
      cellOf(
        told.filter(({ record }) => record.strategy === strategy && record.isolation === isolation),
      ),
    ),
  ])
  return [`## ${platformTitles[platform]}`, markdownTable(['strategy', ...isolationLevels], rows)]
}

function cellOf(told: readonly Told[]): string {
  const states = (Object.keys(cellStates) as CellState[]).filter((state) =>
    told.some((each) => each.state === state),
  )
  const [worst] = states
  if (worst === undefined) return '–'
  const isPart = worst !== 'not run' && states.includes('not run')
  return `${cellStates[worst]}${isPart ? ' (in part)' : ''}`
}

function repetition({ seeds }: PropertyRun): string {
  const words =
    '`breaks`: a known violation came again, as it should. `holds`: nothing broke what the strategy claims. `–`: nothing was asked.'
  const lines = seeds.map((seed) => `LOCKSTEP_SEED=${seed} npx -y pnpm@12 test:props`)
  if (lines.length === 0) return words
  return [words, 'To draw the same plans again:', codeBlock(lines.join('\n'))].join('\n\n')
}
