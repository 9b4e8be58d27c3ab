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

/** What an installation writes of its own accord into an empty folder. */
const ofInstallation = new Set(['dependencies', 'devDependencies', 'packageManager', 'devEngines'])

/** Whether nobody has said anything yet about the package, so that we may. */
export const isBlank = (manifest: Manifest): boolean =>
  Object.keys(manifest).every((key) => ofInstallation.has(key))

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
