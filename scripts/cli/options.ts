import { Option } from 'commander'
import {
  byName,
  describeThrown,
  engines,
  explorers,
  grains,
  isolationLevels,
  isStrategy,
  unknownName,
  UsageError,
  whereThrown,
  workloads,
  type AnyWorkload,
  type Engine,
  type Explorer,
  type Grain,
  type IsolationLevel,
  type Strategy,
} from '../../harness/index.ts'
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { catalogue, strategies } from '../../strategies/index.ts'

/** Parses an option that is a whole number. */
export function wholeNumber(name: string, min: number, max = Number.MAX_SAFE_INTEGER) {
  return (text: string): number => {
    const number = /^-?\d+$/.test(text) ? Number(text) : Number.NaN
    if (number >= min && number <= max) return number
    const range = max === Number.MAX_SAFE_INTEGER ? `at least ${min}` : `${min} to ${max}`
    throw new UsageError(`${name} takes a whole number, ${range}, and not "${text}".`)
  }
}

/** Parses an option that is a number of seconds. */
export function seconds(name: string) {
  return (text: string): number => {
    const number = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0
    if (number > 0) return number
    throw new UsageError(`${name} takes a number of seconds above 0, and not "${text}".`)
  }
}

/** Parses an option that is a list of engines, or `all`. */
export const parseEngines = (text: string): Engine[] =>
  listed(text, engines, (name) => byName('database', engines, name))

/** `--database`, with the engines that are meant unless it is given. */
export const databaseOption = (preset: readonly Engine[]): Option =>
  new Option(
    '--database <engines>',
    `${engines.map(({ name }) => name).join(', ')}, several with commas between, or all`,
  )
    .argParser(parseEngines)
    .default(
      [...preset],
      preset.length === engines.length ? 'all' : preset.map(({ name }) => name).join(),
    )

/** `--isolation`, with each engine's own level unless it is given. */
export const isolationOption = (): Option =>
  new Option(
    '--isolation <levels>',
    `${isolationLevels.join(', ')}, several with commas between, or all (default: the engine's own)`,
  ).argParser(parseIsolations)

export const snapshotIsolationOption = (): Option =>
  new Option(
    '--snapshot-isolation <on|off>',
    "MariaDB's innodb_snapshot_isolation (default: the server's own)",
  ).argParser(onOrOff('--snapshot-isolation'))

/** The items of a list with commas between, each once, or all that there are. */
export function listed<T>(text: string, all: readonly T[], parse: (name: string) => T): T[] {
  if (text === 'all') return [...all]
  return [...new Set(text.split(',').map((name) => parse(name.trim())))]
}

/** Parses an option that is a switch with three places, of which one is to leave it alone. */
export function onOrOff(name: string) {
  return (text: string): boolean => {
    if (text === 'on' || text === 'off') return text === 'on'
    throw new UsageError(`${name} takes on or off, and not "${text}".`)
  }
}

export const parseExplorer = (name: string): Explorer => byName('explorer', explorers, name)

export const parseWorkload = (name: string): AnyWorkload => byName('workload', workloads, name)

/** Parses an option that is a list of isolation levels, or `all`. */
export const parseIsolations = (text: string): IsolationLevel[] =>
  listed(text, isolationLevels, parseIsolation)

/** Parses an option that is a list of grains, or `all`. */
export const parseGrains = (text: string): Grain[] => listed(text, grains, parseGrain)

function parseGrain(name: string): Grain {
  const grain = grains.find((each) => each === name)
  if (grain) return grain
  throw new UsageError(unknownName('grain', name, grains))
}

function parseIsolation(name: string): IsolationLevel {
  const level = isolationLevels.find((each) => each === name)
  if (level) return level
  throw new UsageError(unknownName('isolation level', name, isolationLevels))
}

/**
 * Whether a strategy is given as a file rather than by the name of a built-in one, which may have its
 * workload before it: `purchase/reservation`.
 */
export const isPath = (strategy: string): boolean =>
  !Object.hasOwn(catalogue, strategy) && /[/\\]|\.[cm]?[jt]s$/.test(strategy)

/** One word for a shell. */
export const quoted = (text: string): string =>
  /^[\w./@-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`

/** A built-in strategy by name, or one from a file. */
export async function findStrategy(name: string, workload?: AnyWorkload): Promise<Strategy> {
  const strategy = isPath(name) ? await load(name) : builtIn(name, workload)
  if (workload && strategy.workload.name !== workload.name) {
    throw new UsageError(
      `Strategy "${strategy.name}" is for workload "${strategy.workload.name}", not "${workload.name}".`,
    )
  }
  return strategy
}

function builtIn(name: string, workload: AnyWorkload | undefined): Strategy {
  const byId = strategies.find((each) => `${each.workload.name}/${each.name}` === name)
  if (byId) return byId
  const candidates = workload
    ? strategies.filter((each) => each.workload.name === workload.name)
    : strategies
  const named = candidates.filter((each) => each.name === name)
  if (named.length > 1) {
    const homes = named.map((each) => `--workload ${each.workload.name}`)
    throw new UsageError(`Strategy "${name}" exists more than once: add ${homes.join(' or ')}.`)
  }
  const elsewhere = strategies.find((each) => each.name === name)
  if (named.length === 0 && elsewhere) return elsewhere // which is refused for its workload
  const kind = workload ? `strategy for workload "${workload.name}" called` : 'strategy'
  return byName(kind, candidates, name)
}

async function load(path: string): Promise<Strategy> {
  const file = resolve(path)
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) {
    throw new UsageError(`There is no strategy file "${path}".`)
  }
  let exported: unknown
  try {
    exported = await withinLimit(path, import(pathToFileURL(file).href))
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(
      `The strategy file "${path}" cannot be loaded: ${describeThrown(error)}${whereThrown(error)}.`,
    )
  }
  if (isStrategy(exported)) return exported
  throw new UsageError(
    `The strategy file "${path}" has no strategy as its default export: write "export default defineStrategy({ … })".`,
  )
}

const loadLimitMs = 5_000

/** The default export of a module, which may take its time or never come. */
async function withinLimit(
  path: string,
  loading: Promise<{ readonly default?: unknown }>,
): Promise<unknown> {
  const limit = new AbortController()
  const tooLong = sleep(loadLimitMs, undefined, { signal: limit.signal }).then(() => {
    throw new UsageError(
      `The strategy file "${path}" is not loaded after ${loadLimitMs / 1000} s: its top level awaits something that does not come.`,
    )
  })
  try {
    return (await Promise.race([loading, tooLong])).default
  } finally {
    tooLong.catch(() => {})
    limit.abort()
  }
}
