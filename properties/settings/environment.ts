import { SettingsError } from './problem.ts'

/** What a variable is set to; set to nothing, it is not set. */
export const valueOf = (name: string): string | undefined => process.env[name] || undefined

/**
 * A whole number of 32 bits from the environment.
 *
 * @throws {SettingsError} when it is something else.
 */
export function wholeNumberIn(name: string, least = -(2 ** 31)): number | undefined {
  const text = valueOf(name)
  if (text === undefined) return undefined
  const number = /^-?\d+$/.test(text) ? Number(text) : Number.NaN
  if (number >= least && number <= 2 ** 31 - 1) return number
  throw new SettingsError(`${name} takes a whole number, at least ${least}, and not "${text}".`)
}

/**
 * A number of seconds above 0 from the environment.
 *
 * @throws {SettingsError} when it is something else.
 */
export function secondsIn(name: string): number | undefined {
  const text = valueOf(name)
  if (text === undefined) return undefined
  const number = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0
  if (number > 0) return number
  throw new SettingsError(`${name} takes a number of seconds above 0, and not "${text}".`)
}

/**
 * A list of known names from the environment, with commas between.
 *
 * @throws {SettingsError} when there is one that is not known, or none at all.
 */
export function namesIn<Name extends string>(
  name: string,
  known: readonly Name[],
): readonly Name[] | undefined {
  return valueOf(name)
    ?.split(',')
    .map((text) => {
      const found = known.find((each) => each === text.trim())
      if (found !== undefined) return found
      throw new SettingsError(`${name} takes ${known.join(', ')}, and not "${text.trim()}".`)
    })
}
