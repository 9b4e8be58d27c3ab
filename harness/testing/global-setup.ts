import type { TestProject } from 'vitest/node'
import { provideServers, wantedEngines } from './servers.ts'

/** Properties run on every engine; unit tests on the one that is always at hand. */
export default function setup(project: TestProject): Promise<() => Promise<void>> {
  return provideServers(project, project.name === 'props' ? wantedEngines() : ['postgres'])
}
