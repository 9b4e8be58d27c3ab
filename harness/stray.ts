import { describeThrown, StrategyFault, whereThrown } from './errors.ts'

/** What an application is told of statements that come when its run has been stopped. */
export const stoppedByLockstep = 'the run was stopped by Lockstep'

let connectionsWereBroken = (): boolean => false

/** From now on they were too if this run has broken some. */
export function followStrikes(hasStruck: () => boolean): void {
  if (!connectionsWereBroken()) connectionsWereBroken = hasStruck
}

/**
 * What was thrown where nobody could catch it: in a timer, an event or a promise without `await`.
 *
 * @returns nothing for what Lockstep itself has said to an application whose run had been stopped: why it
 *   was stopped is known, and says more.
 */
export function strayFault(thrown: unknown): StrategyFault | undefined {
  const errors = withCauses(thrown)
  if (errors.some(({ message }) => message.includes(stoppedByLockstep))) return undefined
  const what = `threw ${describeThrown(thrown)}${whereThrown(thrown)}`
  if (connectionsWereBroken() && soundsLost(thrown)) {
    return new StrategyFault(
      `Something that the application has started on its own ${what}, after a fault of the plan had broken a connection: listen for the errors of its pool and of its connections (in node-postgres, pool.on('error', …) and client.on('error', …)), which nobody else hears of, and which would end its process in production as well.`,
    )
  }
  return new StrategyFault(
    `Something that the strategy has started on its own ${what}: await all that a command starts, and catch what it throws.`,
  )
}

/** Libraries wrap what drivers throw. */
function withCauses(thrown: unknown): readonly Error[] {
  const errors: Error[] = []
  for (let each = thrown; each instanceof Error && errors.length < mostCauses; each = each.cause) {
    errors.push(each)
  }
  return errors
}

const mostCauses = 10

/** Whether it says that a connection is gone, for which every driver has words of its own. */
export const soundsLost = (thrown: unknown): boolean =>
  withCauses(thrown).some((error) =>
    lossWords.test(`${error.message} ${'code' in error ? String(error.code) : ''}`),
  )

const lossWords = /connection|socket|\b(57P0\d|08\d{3}|ECONN\w+|EPIPE)\b/i
