import { basename } from 'node:path'

/** What a package.json says, as far as it matters here. */
export interface Manifest {
  readonly name?: string
  readonly type?: string
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly [other: string]: unknown
}

/** What `npm init` writes where a package has no tests. */
const noTest = 'echo "Error: no test specified" && exit 1'
export const testScript = 'vitest run'

/** What npm and pnpm write of their own accord, with an installation into an empty folder or before it. */
const ofTools = new Set([
  'name',
  'version',
  'description',
  'main',
  'scripts',
  'keywords',
  'author',
  'license',
  'private',
  'dependencies',
  'devDependencies',
  'packageManager',
  'devEngines',
])

/** Whether nobody has said anything yet about the package, so that we may. */
export function isBlank(manifest: Manifest): boolean {
  const { main = 'index.js', scripts = {} } = manifest
  return (
    Object.keys(manifest).every((key) => ofTools.has(key)) &&
    main === 'index.js' &&
    Object.entries(scripts).every(([name, text]) => name === 'test' && text === noTest)
  )
}

/** Whether Node takes a `.ts` file of the package for a module. Where it does not, `.mts` always is one. */
export const isModule = (manifest: Manifest): boolean =>
  isBlank(manifest) || manifest.type === 'module'

export const depends = ({ dependencies, devDependencies }: Manifest, on: string): boolean =>
  on in { ...dependencies, ...devDependencies }

/**
 * The package with what the example needs: a test script and the needed packages where it has none, and
 * a name and a type if it has nothing at all. What somebody has said stays.
 *
 * @param needed packages, with the range of versions to ask for
 */
export function completed(
  manifest: Manifest,
  folder: string,
  needed: Readonly<Record<string, string>>,
): Manifest {
  const { scripts = {}, devDependencies = {} } = manifest
  const hasTest = scripts['test'] !== undefined && scripts['test'] !== noTest
  const missing = Object.entries(needed).filter(([name]) => !depends(manifest, name))
  return {
    ...(isBlank(manifest) && { name: packageName(folder), private: true, type: 'module' }),
    ...manifest,
    ...(!hasTest && { scripts: { ...scripts, test: testScript } }),
    ...(missing.length > 0 && {
      devDependencies: { ...devDependencies, ...Object.fromEntries(missing) },
    }),
  }
}

/** The folder's name, as far as npm takes it for a name. */
function packageName(folder: string): string {
  const name = basename(folder)
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
  return name || 'booking'
}
