import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, release, totalmem, type } from 'node:os'
import type { Results } from './results.ts'

/** What the results were measured with. */
export function thisLockstep(): Results['lockstep'] {
  const revision = git('rev-parse', 'HEAD')
  return {
    version: ownVersion(),
    ...(revision !== undefined && {
      revision,
      dirty: git('status', '--porcelain', '--untracked-files=no') !== '',
    }),
  }
}

/** The machine that this runs on; its memory in bytes. */
export function thisMachine(): Results['machine'] {
  return {
    processors: cpus().map(({ model }) => model.trim()),
    memoryBytes: totalmem(),
    platform: type(),
    release: release(),
    node: process.versions.node,
  }
}

/** The package is wherever its package.json is: one folder up in the checkout, two where it is compiled. */
function ownVersion(): string {
  for (const up of ['../../package.json', '../../../package.json']) {
    try {
      const text = readFileSync(new URL(up, import.meta.url), 'utf8')
      return (JSON.parse(text) as { readonly version: string }).version
    } catch {
      continue
    }
  }
  return 'unknown'
}

/** What git says of the working folder; nothing where there is no git, or no repository. */
function git(...args: readonly string[]): string | undefined {
  try {
    return execFileSync('git', args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return undefined
  }
}
