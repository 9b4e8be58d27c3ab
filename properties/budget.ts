/** Reads a whole number from the environment. */
function fromEnvironment(name: string, otherwise: number): number {
  const text = process.env[name]
  if (text === undefined || text === '') return otherwise
  const number = Number(text)
  if (Number.isSafeInteger(number)) return number
  throw new Error(`${name} takes a whole number, and not "${text}".`)
}

/** Random schedules for each strategy in each cell. */
export const schedules = fromEnvironment('LOCKSTEP_SCHEDULES', 25)

/** Where the random explorer begins: drawn anew for every run by the test runner's configuration. */
export const seed = fromEnvironment('LOCKSTEP_SEED', 0)
