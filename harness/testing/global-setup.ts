import type { TestProject } from 'vitest/node'
import { describeThrown } from '../errors.ts'
import { provideServers, wantedEngines } from './servers.ts'

/** Where whoever has started the properties finds why they could not begin. */
export const faultVariable = 'LOCKSTEP_INTERNAL_FAULT'

/** Properties run on every engine; unit tests on the one that is always at hand. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (project.name === 'props') {
    process.stderr.write(
      `LOCKSTEP_SEED=${process.env['LOCKSTEP_SEED']} draws the same plans again\n`,
    )
  }
  try {
    return await provideServers(project, project.name === 'props' ? wantedEngines() : ['postgres'])
  } catch (error) {
    process.env[faultVariable] = error instanceof Error ? error.message : describeThrown(error)
    throw error
  }
}
