import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'
import { formatKnown, knownPath, parseKnown, type KnownCounterexample } from './known.ts'

/** The files of a folder of known counterexamples, as paths below it, in the order of their names. */
export const corpusFiles = (folder: string): readonly string[] =>
  globSync('**/*.json', { cwd: folder }).toSorted()

/**
 * Keeps a counterexample in a folder, where {@link knownPath} says. One that is there already stays as
 * it is; where another one has that name, the checksum of its token makes it one of its own.
 *
 * @returns the path of its file, the folder included.
 */
export function keepKnown(folder: string, known: KnownCounterexample): string {
  const path = join(folder, knownPath(known))
  const other = path.replace(/\.json$/, `.${crc32(known.token).toString(16).padStart(8, '0')}.json`)
  for (const file of [path, other]) {
    if (existsSync(file) && tokenIn(file) !== known.token) continue
    if (!existsSync(file)) {
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, formatKnown(known))
    }
    return file
  }
  return other
}

/** Undefined where there is none that can be read: whatever is in the file stays there. */
function tokenIn(file: string): string | undefined {
  try {
    return parseKnown(readFileSync(file, 'utf8'), file).known.token
  } catch {
    return undefined
  }
}
