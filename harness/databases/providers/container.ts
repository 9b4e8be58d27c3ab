import { UsageError } from '../../errors.ts'
import type { DatabaseServer } from '../server.ts'
import type { EngineName } from '../engine-name.ts'
import type { Provider, ServerChoice } from './provider.ts'

/**
 * A server in a Docker container, with its data in memory and durability off unless it is to be
 * `durable`. It is published to this machine alone, under a password of its own.
 *
 * It goes at `stop()` and also when this process ends without calling it, however it ends. With
 * `reuse` it stays, and the next start with `reuse` and the same image finds it again.
 */
export const container: Provider = {
  name: 'container',
  summary: 'Starts a Docker container, and removes it again.',
  engines: ['postgres', 'mysql', 'mariadb'],
  start,
}

async function start(engine: EngineName, choice: ServerChoice): Promise<DatabaseServer> {
  if (choice.reuse) refuseWhereNobodyCleansUp()
  // Loaded only when needed, since it takes longer than all the rest of a start.
  const { launch } = await import('./container/launch.ts')
  return launch(engine, choice)
}

function refuseWhereNobodyCleansUp(): void {
  const ci = process.env['CI']
  if (ci && ci !== 'false') {
    throw new UsageError(
      'A container cannot be kept for reuse in CI (CI is set), where nobody would remove it: leave out --reuse.',
    )
  }
  if (process.env['TESTCONTAINERS_REUSE_ENABLE'] === 'false') {
    throw new UsageError(
      'A container cannot be kept for reuse while TESTCONTAINERS_REUSE_ENABLE is "false": leave out --reuse, or the variable.',
    )
  }
}
