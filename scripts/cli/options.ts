import {
  byName,
  engines,
  explorers,
  isolationLevels,
  isStrategy,
  unknownName,
  UsageError,
  workloads,
  type AnyWorkload,
  type Engine,
  type Explorer,
  type IsolationLevel,
  type Strategy,
} from '../../harness/index.ts'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { strategies } from '../../strategies/index.ts'

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

export const parseEngine = (name: string): Engine => byName('database', engines, name)

export const parseExplorer = (name: string): Explorer => byName('explorer', explorers, name)

export const parseWorkload = (name: string): AnyWorkload => byName('workload', workloads, name)

export function parseIsolation(name: string): IsolationLevel {
  const level = isolationLevels.find((each) => each === name)
  if (level) return level
  throw new UsageError(unknownName('isolation level', name, isolationLevels))
}

/** Whether a strategy is given as a file rather than by the name of a built-in one. */
export const isPath = (strategy: string): boolean => /[/\\]|\.[cm]?[jt]s$/.test(strategy)

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
  const candidates = workload
    ? strategies.filter((each) => each.workload.name === workload.name)
    : strategies
  const kind = workload ? `strategy for workload "${workload.name}" called` : 'strategy'
  const named = candidates.filter((each) => each.name === name)
  if (named.length > 1) {
    const homes = named.map((each) => `--workload ${each.workload.name}`)
    throw new UsageError(`Strategy "${name}" exists more than once: add ${homes.join(' or ')}.`)
  }
  return byName(kind, candidates, name)
}

async function load(path: string): Promise<Strategy> {
  const file = resolve(path)
  if (!existsSync(file)) throw new UsageError(`There is no strategy file "${path}".`)
  let exported: unknown
  try {
    const module = (await import(pathToFileURL(file).href)) as { readonly default?: unknown }
    exported = module.default
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new UsageError(`The strategy file "${path}" cannot be loaded: ${firstLine(reason)}`)
  }
  if (isStrategy(exported)) return exported
  throw new UsageError(
    `The strategy file "${path}" has no strategy as its default export: write "export default defineStrategy({ … })".`,
  )
}

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? text
