import type { Results } from '../../comparison/results.ts'
import { platforms } from '../../hermitage/platform.ts'
import { count } from '../../words.ts'
import type { DatabaseView, Fact } from './report-view.ts'
import { duration, list, moment, platformTitles, showSetting } from './words.ts'

/** What has to be known to judge the figures, and to get them again. */
export function factsOf(results: Results): Fact[] {
  const { settings } = results
  const { mode, seed, parts, ...others } = settings
  return [
    { name: 'Measured', value: whenOf(results) },
    { name: 'Lockstep', value: versionOf(results.lockstep) },
    { name: 'Machine', value: machineOf(results.machine) },
    { name: 'What', value: `${mode}: ${list(parts)}` },
    { name: 'Seed', value: String(seed) },
    ...Object.entries(others).flatMap(([name, value]) => flattened(name, value)),
  ]
}

function whenOf({ startedAt, finishedAt, elapsedMs }: Results): string {
  const end = finishedAt === undefined ? 'not finished' : `to ${moment(finishedAt)}`
  return `${moment(startedAt)} ${end}, ${duration(elapsedMs)} of measuring`
}

function versionOf({ version, revision, dirty }: Results['lockstep']): string {
  const at = revision === undefined ? '' : `, revision ${revision.slice(0, 12)}`
  return `${version}${at}${dirty ? ', with changes that are not committed' : ''}`
}

function machineOf({ processors, memoryBytes, platform, release, node }: Results['machine']) {
  const kinds = [...Map.groupBy(processors, (name) => name).entries()].map(
    ([name, cores]) => `${count(cores.length, 'core')} ${name}`,
  )
  const memory = `${(memoryBytes / 2 ** 30).toFixed(1)} GiB`
  return [...kinds, memory, `${platform} ${release}`, `Node ${node}`].join(', ')
}

/** A setting that has settings of its own is as many facts. */
function flattened(name: string, value: unknown): Fact[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return [{ name: spoken(name), value: showSetting(value) }]
  }
  return Object.entries(value).flatMap(([key, each]) => flattened(key, each))
}

/** `schedulesPerSeed` as `Schedules per seed`, `loadMs` as `Load, ms`. */
function spoken(name: string): string {
  const words = name
    .replace(/Ms$/, ', ms')
    .replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** In the order of the columns, and not in the one in which they were measured. */
export const databaseViews = ({ databases }: Results): DatabaseView[] =>
  databases
    .toSorted((a, b) => platforms.indexOf(a.platform) - platforms.indexOf(b.platform))
    .map(({ platform, version, provider, settings }) => ({
      title: `${platformTitles[platform]} ${version} (${provider})`,
      settings: Object.entries(settings).map(([name, value]) => ({
        name,
        value: showSetting(value),
      })),
    }))
