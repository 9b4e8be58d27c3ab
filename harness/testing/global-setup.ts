import type { TestProject } from 'vitest/node'
import { startEmbeddedPostgres } from '../databases/providers/embedded.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** URL of the one PostgreSQL that serves all workers of a test run. */
    readonly postgres: string
  }
}

/** One server for all workers; each opens lanes of its own on it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startEmbeddedPostgres()
  project.provide('postgres', server.url)
  return () => server.stop()
}
