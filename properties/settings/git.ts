import { spawnSync } from 'node:child_process'

/** What git prints, or undefined where it fails, or there is none. */
export function git(args: readonly string[], folder = process.cwd()): string | undefined {
  const { status, stdout } = spawnSync('git', args, { cwd: folder, encoding: 'utf8' })
  return status === 0 ? stdout.trim() : undefined
}
