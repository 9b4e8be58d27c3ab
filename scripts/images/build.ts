import { createHash } from 'node:crypto'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { $ } from 'zx'
import { debianMirror } from './mirror.ts'
import type { Recipe } from './recipes.ts'

export const imageOf = ({ name }: Recipe): string => `lockstep/${name}`

/** Says of an image which recipe it was made by. */
const recipeLabel = 'lockstep.recipe'

/** Changes with whatever the image depends on, save for new versions of the packages. */
function recipeHash(recipe: Recipe): string {
  const hash = createHash('sha256').update(JSON.stringify(recipe))
  for (const script of [recipe.prepare, recipe.entrypoint]) hash.update(readFileSync(file(script)))
  return hash.digest('hex').slice(0, 16)
}

const file = (name: string): string => join(import.meta.dirname, name)

/** Whether the image is there, made by this very recipe. */
export async function isBuilt(recipe: Recipe): Promise<boolean> {
  const format = `{{index .Config.Labels "${recipeLabel}"}}`
  const found = await $({
    nothrow: true,
    quiet: true,
  })`docker image inspect --format ${format} ${imageOf(recipe)}`
  return found.stdout.trim() === recipeHash(recipe)
}

/**
 * Makes the image from Debian packages, without any image registry.
 *
 * @throws {Error} when a step fails, with what it said.
 */
export async function buildImage(recipe: Recipe): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'lockstep-image-'))
  try {
    // It becomes the image's root, which the server's account has to pass.
    chmodSync(root, 0o755)
    await install(recipe, root)
    await prepare(recipe, root)
    await importImage(recipe, root)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

async function install({ suite, packages }: Recipe, root: string): Promise<void> {
  const mirror = debianMirror()
  const options = [
    '--variant=minbase',
    `--cache-dir=${packageCache()}`,
    `--include=${packages.join(',')}`,
  ]
  await $({ quiet: true })`debootstrap ${options} ${suite} ${root} ${mirror}`
}

/** Packages that were downloaded stay for the next time. */
function packageCache(): string {
  const caches = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache')
  const folder = join(caches, 'lockstep', 'debian-packages')
  mkdirSync(folder, { recursive: true })
  return folder
}

/** What a server has no use for. */
const useless = [
  'usr/share/doc',
  'usr/share/info',
  'usr/share/locale',
  'usr/share/man',
  'var/cache/apt',
  'var/lib/apt/lists',
]

async function prepare(recipe: Recipe, root: string): Promise<void> {
  for (const path of useless) rmSync(join(root, path), { recursive: true, force: true })
  copyFileSync(file(recipe.entrypoint), join(root, 'usr/local/bin/docker-entrypoint.sh'))
  copyFileSync(file(recipe.prepare), join(root, 'tmp/prepare.sh'))
  await $({ quiet: true, env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } })`
    chroot ${root} sh /tmp/prepare.sh`
  rmSync(join(root, 'tmp/prepare.sh'))
}

async function importImage(recipe: Recipe, root: string): Promise<void> {
  const changes = [
    `LABEL ${recipeLabel}=${recipeHash(recipe)}`,
    `EXPOSE ${recipe.port}`,
    'ENTRYPOINT ["sh", "/usr/local/bin/docker-entrypoint.sh"]',
    `CMD ["${recipe.command}"]`,
    ...Object.entries(recipe.environment).map(([name, value]) => `ENV ${name}=${value}`),
  ].map((change) => `--change=${change}`)
  await $({ quiet: true })`
    tar --numeric-owner -C ${root} -c . | docker import ${changes} - ${imageOf(recipe)}`
}
