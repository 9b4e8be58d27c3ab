import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Debian's own name for "the nearest mirror". */
const publicMirror = 'http://deb.debian.org/debian'

/**
 * The Debian mirror to install from: LOCKSTEP_DEBIAN_MIRROR, else the one that this machine's apt is
 * set to, else the public one.
 *
 * @param folder apt's settings
 */
export function debianMirror(folder = '/etc/apt'): string {
  const wanted = process.env['LOCKSTEP_DEBIAN_MIRROR']
  if (wanted) return wanted
  return aptSources(folder).flatMap(mirrorsIn).find(isDebianArchive) ?? publicMirror
}

function aptSources(folder: string): string[] {
  const more = list(join(folder, 'sources.list.d')).filter((path) => /\.(list|sources)$/.test(path))
  return [join(folder, 'sources.list'), ...more].map(read)
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
      .toSorted()
      .map((name) => join(folder, name))
  } catch {
    return []
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** Of both of apt's formats: `deb [options] http://… suite` and `URIs: http://… http://…`. */
function mirrorsIn(text: string): string[] {
  const lines = text.split('\n').filter((line) => /^(deb\s|URIs:)/.test(line))
  return lines.flatMap((line) => line.match(/https?:\/\/[^\s\]]+/g) ?? [])
}

/** Not the security archive, nor one that adds packages to Debian's. */
const isDebianArchive = (url: string): boolean => /\/debian\/?$/.test(url)
