import type { TestProject } from 'vitest/node'
import { engineNames, type EngineName } from '../databases/engine-name.ts'
import type { Engine } from '../databases/engine.ts'
import { engines } from '../databases/engines/index.ts'
import { obtainServer } from '../databases/providers/index.ts'
import type { ServerChoice } from '../databases/providers/provider.ts'
import type { DatabaseServer } from '../databases/server.ts'
import { describeThrown } from '../errors.ts'

/** Why there is no server. */
export interface Missing {
  readonly missing: string
}

/** A server that serves all workers of a test run, or why there is none. */
export type TestServer = Pick<DatabaseServer, 'url' | 'provider'> | Missing

declare module 'vitest' {
  interface ProvidedContext {
    readonly servers: Readonly<Record<EngineName, TestServer>>
  }
}

/** The engines named in an environment variable, with commas between. */
function namedIn(variable: string, otherwise: readonly EngineName[]): readonly EngineName[] {
  const text = process.env[variable]
  if (text === undefined || text === '') return otherwise
  return text.split(',').map((name) => {
    const known = engineNames.find((each) => each === name.trim())
    if (known) return known
    throw new Error(`${variable} takes ${engineNames.join(', ')}, and not "${name}".`)
  })
}

/** The engines without which a test run fails: LOCKSTEP_REQUIRE. */
const required = namedIn('LOCKSTEP_REQUIRE', [])

/**
 * A server for tests, or the reason why they are skipped.
 *
 * @throws {Error} when there is none, and LOCKSTEP_REQUIRE names the engine.
 */
export async function serverOrReason(
  engine: Engine,
  choice: ServerChoice = {},
): Promise<DatabaseServer | Missing> {
  try {
    return await obtainServer(engine, choice)
  } catch (error) {
    const missing = error instanceof Error ? error.message : describeThrown(error)
    if (!required.includes(engine.name)) return { missing }
    throw new Error(`LOCKSTEP_REQUIRE names ${engine.name}, and there is none: ${missing}`, {
      cause: error,
    })
  }
}

/** A server of any engine for one test file, which stops it; LOCKSTEP_DATABASES may leave it out. */
export async function serverForFile(
  engine: Engine,
  choice: ServerChoice = {},
): Promise<DatabaseServer | Missing> {
  if (!wantedEngines().includes(engine.name)) return { missing: 'It was left out.' }
  return serverOrReason(engine, choice)
}

/** The same for one that can be killed. */
export async function mortalServerForFile(engine: Engine): Promise<DatabaseServer | Missing> {
  const server = await serverForFile(engine, { durable: true })
  if ('missing' in server || server.crash) return server
  await server.stop()
  return { missing: 'The server is not one that Lockstep has started, so it cannot be killed.' }
}

/**
 * Obtains one server of each engine for all workers, who open lanes of their own on it. Those that
 * LOCKSTEP_DATABASES does not name are left out.
 */
export async function provideServers(
  project: TestProject,
  wanted: readonly EngineName[],
): Promise<() => Promise<void>> {
  const started: DatabaseServer[] = []
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((server) => server.stop()))
  }
  const provide = async (engine: Engine): Promise<TestServer> => {
    if (!wanted.includes(engine.name)) {
      return { missing: `${engine.title} is left out: see LOCKSTEP_DATABASES.` }
    }
    const found = await serverOrReason(engine)
    if ('missing' in found) {
      process.stderr.write(`${engine.title} is not tested. ${found.missing}\n`)
      return found
    }
    started.push(found)
    return { url: found.url, provider: found.provider }
  }
  try {
    const providing = engines.map(async (engine) => [engine.name, await provide(engine)] as const)
    // One that is still being started when another one fails could not be stopped.
    await Promise.allSettled(providing)
    const provided = await Promise.all(providing)
    const servers = Object.fromEntries(provided) as Record<EngineName, TestServer>
    project.provide('servers', servers)
    return stop
  } catch (error) {
    await stop()
    throw error
  }
}

/** The engines to test on: LOCKSTEP_DATABASES, by default all. */
export const wantedEngines = (): readonly EngineName[] => namedIn('LOCKSTEP_DATABASES', engineNames)
