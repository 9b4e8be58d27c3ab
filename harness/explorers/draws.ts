import fc from 'fast-check'

/**
 * A multiple of 840, so that the remainder by any number from 1 to 8 favours none; and so large that
 * by any other number of steps a run may have, it favours none by more than one in a thousand.
 */
const values = 840 * 1_250

/**
 * So many numbers drawn by chance, without the zeros at the end: zero is what a number that is missing
 * counts for. Uniform: by itself fast-check prefers small and large numbers, which would spoil every
 * probability that is computed from them.
 *
 * Shrunk by leaving out the end, and in no other way: each trial is a run, and what a counterexample
 * is shrunk to in the end is not what was drawn, but the choices that came of it.
 */
export const drawsArbitrary = (length: number): fc.Arbitrary<readonly number[]> => new Draws(length)

class Draws extends fc.Arbitrary<readonly number[]> {
  readonly #numbers: fc.Arbitrary<readonly number[]>

  constructor(length: number) {
    super()
    this.#numbers = fc.array(fc.nat({ max: values - 1 }), { minLength: length, maxLength: length })
  }

  override generate(random: fc.Random): fc.Value<readonly number[]> {
    const draws = this.#numbers.generate(random, undefined).value
    return valueOf(draws.slice(0, draws.findLastIndex((draw) => draw !== 0) + 1))
  }

  override canShrinkWithoutContext(value: unknown): value is readonly number[] {
    return Array.isArray(value)
  }

  override shrink(draws: readonly number[]): fc.Stream<fc.Value<readonly number[]>> {
    return fc.stream(shorter(draws))
  }
}

const valueOf = (draws: readonly number[]): fc.Value<readonly number[]> =>
  new fc.Value(draws, undefined)

/** Without anything, without half of it, without a quarter, and so on. */
function* shorter(draws: readonly number[]): IterableIterator<fc.Value<readonly number[]>> {
  for (let less = draws.length; less >= 1; less = Math.floor(less / 2)) {
    yield valueOf(draws.slice(0, draws.length - less))
  }
}
