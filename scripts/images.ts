#!/usr/bin/env node
/**
 * `pnpm images [name…] [--force]`: makes images of the databases from Debian packages, for machines
 * that reach no image registry. An image that is there already stays.
 */
import { $, which } from 'zx'
import { buildImage, imageOf, isBuilt } from './images/build.ts'
import { recipes, type Recipe } from './images/recipes.ts'

const known = recipes.map(({ name }) => name)

function choose(names: readonly string[]): readonly Recipe[] {
  const unknown = names.find((name) => !known.includes(name))
  if (unknown !== undefined) {
    throw new Error(`There is no image "${unknown}": choose from ${known.join(', ')}.`)
  }
  return names.length === 0 ? recipes : recipes.filter(({ name }) => names.includes(name))
}

async function checkTools(): Promise<void> {
  if (process.getuid?.() !== 0) {
    throw new Error('Images are made by debootstrap, which only root can run: use sudo.')
  }
  for (const tool of ['docker', 'debootstrap']) {
    if ((await which(tool, { nothrow: true })) !== null) continue
    throw new Error(
      `${tool} is needed and not installed: on Debian, apt-get install docker.io debootstrap.`,
    )
  }
  const daemon = await $({ nothrow: true, quiet: true })`docker version`
  if (daemon.exitCode !== 0) {
    throw new Error(
      `Docker does not answer (${daemon.stderr.trim()}): start it, as root with dockerd.`,
    )
  }
}

async function make(recipe: Recipe, force: boolean): Promise<void> {
  if (!force && (await isBuilt(recipe))) {
    console.log(`${imageOf(recipe)}: there already`)
    return
  }
  const start = performance.now()
  await buildImage(recipe)
  console.log(`${imageOf(recipe)}: made in ${Math.round((performance.now() - start) / 1000)} s`)
}

try {
  const args = process.argv.slice(2)
  const chosen = choose(args.filter((arg) => arg !== '--force'))
  await checkTools()
  for (const recipe of chosen) await make(recipe, args.includes('--force'))
} catch (error) {
  console.error(`images: ${(error as Error).message.trim()}`)
  process.exitCode = 1
}
