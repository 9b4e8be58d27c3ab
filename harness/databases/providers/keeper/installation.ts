import { execFile } from 'node:child_process'
import { chmod, copyFile, mkdir, readdir, readFile, readlink, rm, symlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import type { Account } from './account.ts'
import type { ServerKind } from './kind.ts'
import { toolOptions } from './tool.ts'

/** A database system's programs on this machine. Plain data. */
export interface Installation {
  /** The server's own program. */
  readonly server: string
  /** The folder of all it needs, if a copy of that runs elsewhere too. */
  readonly movable?: string | undefined
}

/** Programs that answer have answered long before this. */
const answerLimitMs = 10_000

/**
 * Proves that the account can run the server and the programs beside it. Only running them shows it
 * all: the folders above, the executable bit, the shared libraries.
 *
 * @returns what the server answers to `--version`
 * @throws {Error} when one cannot be run
 */
export async function proveRunnable(
  kind: ServerKind,
  server: string,
  account: Account | undefined,
): Promise<string> {
  const options = { ...toolOptions(account), timeout: answerLimitMs }
  const versions = await Promise.all(
    kind
      .programs(server)
      .map(async (program) => promisify(execFile)(program, ['--version'], options)),
  )
  return versions[0]?.stdout.trim() ?? ''
}

/**
 * Copies an installation that cannot be run, with what was wrong with it put right as far as
 * possible, and returns the path of the copy's server.
 */
export async function copyInstallation(
  { server, movable }: { readonly server: string; readonly movable: string },
  copy: string,
): Promise<string> {
  await copyTree(movable, copy)
  await restoreLinks(copy)
  return join(copy, relative(movable, server))
}
/** Everybody may read and run the copy, whatever the original's modes. Its folder is private. */
async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to)
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) await copyTree(source, target)
    else if (entry.isSymbolicLink()) await symlink(await readlink(source), target)
    else {
      await copyFile(source, target)
      await chmod(target, 0o755)
    }
  }
}

/**
 * Shared libraries are found by links that npm cannot pack: the package makes them in an
 * installation script, which many do not let run.
 */
async function restoreLinks(binaries: string): Promise<void> {
  const list = await readFile(join(binaries, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(binaries, relative('native', target))
    await rm(link, { force: true })
    await symlink(relative(dirname(target), source), link)
  }
}
