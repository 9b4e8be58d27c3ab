import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { git } from './git.ts'
import { SettingsError } from './problem.ts'

/**
 * The strategies that a change touches, as `workload/name`: their own files, what these import below
 * `strategies/`, and what is expected of their workload. A change of the harness touches everything,
 * and so nothing before the rest: then the list is empty.
 *
 * @param since a commit: compared is what has been done since it was left, what is not committed included.
 * @throws {SettingsError} when git does not know it.
 */
export function changedStrategies(since: string, root: string): readonly string[] {
  return touchedBy(changedFiles(since, root), root)
}

function changedFiles(since: string, root: string): readonly string[] {
  const base = git(['merge-base', since, 'HEAD'], root)
  const changed = base && git(['diff', '--name-only', '--no-renames', base], root)
  if (changed === undefined || base === '') {
    throw new SettingsError(
      `LOCKSTEP_CHANGED_SINCE names "${since}", and git finds nothing in common with it here: fetch more of the history (in GitHub Actions, "fetch-depth: 0").`,
    )
  }
  const added = git(['ls-files', '--others', '--exclude-standard'], root) ?? ''
  return [...new Set(`${changed}\n${added}`.split('\n').filter(Boolean))]
}

/** Strategies that any of these files is part of. Paths are from the root, with slashes. */
export function touchedBy(files: readonly string[], root: string): readonly string[] {
  const changed = new Set(files)
  const workloads = new Set(
    files.flatMap((file) => /^properties\/expectations\/(\w+)\.ts$/.exec(file)?.[1] ?? []),
  )
  return strategyFiles(root)
    .filter(
      (file) =>
        workloads.has(workloadOf(file)) || partsOf(file, root).some((part) => changed.has(part)),
    )
    .map((file) => file.replace(/^strategies\/(.*)\.ts$/, '$1'))
    .toSorted()
}

const strategyFiles = (root: string): readonly string[] =>
  globSync('strategies/*/*.ts', { cwd: root }).filter((file) => isStrategy(join(root, file)))

/** Beside the strategies there are files that they share. */
const isStrategy = (path: string): boolean => /^export default /m.test(readFileSync(path, 'utf8'))

const workloadOf = (file: string): string => file.split('/')[1] ?? ''

/** A file and all that it imports below `strategies/`, by whatever way. */
function partsOf(file: string, root: string, seen = new Set<string>()): readonly string[] {
  if (seen.has(file)) return [...seen]
  seen.add(file)
  for (const [, specifier = ''] of readFileSync(join(root, file), 'utf8').matchAll(imported)) {
    const part = join(dirname(file), specifier)
    if (part.startsWith('strategies/')) partsOf(part, root, seen)
  }
  return [...seen]
}

/** Every import here names a file, and with its ending: the compiler sees to it. */
const imported = /\bfrom '(\.[^']+\.ts)'/g
