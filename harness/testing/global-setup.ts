import type { TestProject } from 'vitest/node'
import { provideServers, wantedEngines } from './servers.ts'

/** Properties run on every engine; unit tests on the one that is always at hand. */
export default function setup(project: TestProject): Promise<() => Promise<void>> {
  if (project.name === 'props') {
    process.stderr.write(
      `LOCKSTEP_SEED=${process.env['LOCKSTEP_SEED']} draws the same plans again\n`,
    )
  }
  return provideServers(project, project.name === 'props' ? wantedEngines() : ['postgres'])
}
