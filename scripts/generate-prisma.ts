/**
 * Generates the Prisma clients of the applications, one for each schema, where a schema or Prisma itself has
 * changed since. It needs no network: `pnpm install` runs it.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'

const folder = join(import.meta.dirname, '../applications/prisma')
const generated = join(folder, 'generated')
const run = promisify(execFile)

interface Prisma {
  readonly version: string
  readonly program: string
}

const prisma = findPrisma()
if (prisma === undefined) process.stderr.write('Prisma is not installed: nothing is generated.\n')
else await generateAll(prisma)

function findPrisma(): Prisma | undefined {
  const { resolve } = createRequire(import.meta.url)
  try {
    const path = resolve('prisma/package.json')
    const { version, bin } = JSON.parse(readFileSync(path, 'utf8')) as {
      readonly version: string
      readonly bin: { readonly prisma: string }
    }
    return { version, program: join(dirname(path), bin.prisma) }
  } catch {
    return undefined
  }
}

async function generateAll(from: Prisma): Promise<void> {
  const schemas = globSync(join(folder, 'schemas/*.prisma'))
  removeOthers(schemas.map(nameOf))
  await Promise.all(schemas.map((schema) => generateOne(from, schema)))
}

/** Clients whose schema is gone. */
function removeOthers(wanted: readonly string[]): void {
  for (const path of globSync(join(generated, '*'))) {
    if (!wanted.includes(basename(path))) rmSync(path, { recursive: true })
  }
}

async function generateOne({ version, program }: Prisma, schema: string): Promise<void> {
  const output = join(generated, nameOf(schema))
  const stamp = join(output, 'made-from')
  const source = createHash('sha256').update(version).update(readFileSync(schema)).digest('hex')
  if (readIfThere(stamp) === source) return
  rmSync(output, { recursive: true, force: true })
  await run(process.execPath, [program, 'generate', '--schema', schema], {
    env: {
      ...process.env,
      // The schema engine is for migrations. With a program named here it is not fetched, nor is it run.
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      CHECKPOINT_DISABLE: '1',
    },
  })
  mkdirSync(output, { recursive: true })
  writeFileSync(stamp, source)
  process.stderr.write(`Generated the Prisma client of ${basename(schema)}.\n`)
}

function nameOf(schema: string): string {
  return basename(schema, '.prisma')
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
