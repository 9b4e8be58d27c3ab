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
 */
export const drawsArbitrary = (length: number): fc.Arbitrary<readonly number[]> =>
  fc
    .noBias(fc.array(fc.nat({ max: values - 1 }), { minLength: length, maxLength: length }))
    .map((draws) => draws.slice(0, draws.findLastIndex((draw) => draw !== 0) + 1))
