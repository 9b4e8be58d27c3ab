import { UsageError } from '../errors.ts'

let drawn: number | undefined

/**
 * Where random schedules begin in a file of tests: what LOCKSTEP_SEED says, or another one in every
 * run. It is printed when it is first drawn, so that the same plans can be drawn again.
 *
 * @throws {UsageError} when LOCKSTEP_SEED is no whole number.
 */
export function drawSeed(): number {
  if (drawn !== undefined) return drawn
  drawn = givenSeed() ?? Math.floor(Math.random() * 2 ** 31)
  process.stderr.write(`LOCKSTEP_SEED=${drawn} draws the same plans again\n`)
  return drawn
}

function givenSeed(): number | undefined {
  const text = process.env['LOCKSTEP_SEED']
  if (text === undefined || text === '') return undefined
  const seed = Number(text)
  if (Number.isInteger(seed) && seed === (seed | 0)) return seed
  throw new UsageError(`LOCKSTEP_SEED takes a whole number of 32 bits, and not "${text}".`)
}
