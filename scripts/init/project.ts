import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UsageError } from '../../harness/index.ts'
import { completed, depends, isModule, testScript, type Manifest } from './manifest.ts'

/** What `init` did, as paths below the folder. */
export interface Initialised {
  readonly folder: string
  readonly written: readonly string[]
  /** What was there already, and is none of the example's business. */
  readonly kept: readonly string[]
  /** Command lines to run next, in the folder. */
  readonly next: readonly string[]
}

const root = dirname(fileURLToPath(import.meta.resolve('lockstep/package.json')))

/** The example: each of them is written, or nothing is. */
const example = [
  'workloads/booking.ts',
  'strategies/check-then-book.ts',
  'strategies/lock-then-book.ts',
  'booking.test.ts',
]
/** What the example needs besides Lockstep. */
const needed = ['vitest', '@types/node']
/** Written where there is none. */
const besides = ['README.md', 'tsconfig.json']
/** pnpm refuses an installation that nobody has said this for. */
const ofPnpm = 'pnpm-workspace.yaml'
/** Names of the example's own modules, wherever they are spoken of. */
const moduleNames = /\b(booking(?:\.test)?|check-then-book|lock-then-book)\.ts\b/g

/**
 * Writes the example into a folder, which is made if it is not there.
 *
 * @param force whether files of these names are written over
 * @throws {UsageError} before anything is written, when the folder is none, its package.json cannot be
 *   read, or a file of the example is there already; or when a file cannot be written.
 */
export function initialise(folder: string, force: boolean, manager: string): Initialised {
  checkFolder(folder)
  const owner = ownerOf(folder)
  const manifest = owner === undefined ? {} : readManifest(join(owner, 'package.json'))
  const named = (text: string): string =>
    isModule(manifest) ? text : text.replaceAll(moduleNames, '$1.mts')
  const files = new Map(example.map((file) => [named(file), named(templateOf(file))]))
  const present = [...files.keys()].filter((file) => existsSync(join(folder, file)))
  if (present.length > 0 && !force) throw wouldOverwrite(folder, present)

  const wanted = [...besides, ...(manager === 'pnpm' && !isInWorkspace(folder) ? [ofPnpm] : [])]
  const kept = wanted.filter((file) => existsSync(join(folder, file)))
  for (const file of wanted) if (!kept.includes(file)) files.set(file, named(templateOf(file)))
  const ours = completed(manifest, folder, testedVersions())
  // Above the folder, it is somebody's whole project: they know best.
  const isOwn = owner === undefined || owner === folder
  if (isOwn) files.set('package.json', `${JSON.stringify(ours, undefined, 2)}\n`)
  for (const [file, text] of files) writeText(join(folder, file), text)
  return {
    folder,
    written: [...files.keys()],
    kept,
    next: nextSteps(manifest, ours, isOwn, named, manager),
  }
}

function nextSteps(
  before: Manifest,
  after: Manifest,
  isOwn: boolean,
  named: (text: string) => string,
  manager: string,
): string[] {
  const hasScript = isOwn && after.scripts?.['test'] === testScript
  const add = manager === 'npm' ? 'npm install --save-dev' : `${manager} add -D`
  return [
    // A package of this name in a registry may be somebody else's.
    ...(depends(before, 'lockstep') ? [] : [`${add} path/to/${tarballName()}`]),
    ...(depends(before, 'vitest') ? [] : [isOwn ? `${manager} install` : `${add} vitest`]),
    hasScript ? `${manager} test` : named('npx vitest run booking.test.ts'),
    named('npx lockstep explore --strategy ./strategies/check-then-book.ts'),
  ]
}

const templateOf = (file: string): string => readFileSync(join(root, 'template', file), 'utf8')

/** The versions that Lockstep itself is tested with, or later ones that promise to be compatible. */
function testedVersions(): Record<string, string> {
  const { devDependencies } = readManifest(join(root, 'package.json'))
  return Object.fromEntries(needed.map((name) => [name, `^${devDependencies?.[name]}`]))
}

const tarballName = (): string =>
  `lockstep-${String(readManifest(join(root, 'package.json'))['version'])}.tgz`

function checkFolder(folder: string): void {
  const found = statSync(folder, { throwIfNoEntry: false })
  if (found === undefined || found.isDirectory()) return
  throw new UsageError(`${folder} is a file: name a folder, or one that is still to be made.`)
}

/** The folder itself if it is a package, or the package above it that Lockstep is installed in. */
function ownerOf(folder: string): string | undefined {
  if (existsSync(join(folder, 'package.json'))) return folder
  for (let above = dirname(folder); above !== dirname(above); above = dirname(above)) {
    const path = join(above, 'package.json')
    if (existsSync(path) && depends(readManifest(path), 'lockstep')) return above
  }
  return undefined
}

/** A workspace that is there already has its own rules. */
function isInWorkspace(folder: string): boolean {
  for (let above = dirname(folder); above !== dirname(above); above = dirname(above)) {
    if (existsSync(join(above, ofPnpm))) return true
  }
  return false
}

function readManifest(path: string): Manifest {
  try {
    const content: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (typeof content === 'object' && content !== null && !Array.isArray(content)) {
      return content as Manifest
    }
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${messageOf(error)}. Put it right first.`)
  }
  throw new UsageError(`${path} is no package.json: it holds no object. Put it right first.`)
}

function wouldOverwrite(folder: string, present: readonly string[]): UsageError {
  const paths = present.map((file) => relative('.', resolve(folder, file)) || file)
  return new UsageError(
    `${paths.join(', ')} ${present.length === 1 ? 'is' : 'are'} there already, and nothing was written: name another folder, or add --force to write over.`,
  )
}

function writeText(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  } catch (error) {
    throw new UsageError(`${path} cannot be written: ${messageOf(error)}.`)
  }
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)
