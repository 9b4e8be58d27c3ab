import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { comparedRate, frontOf, type Tradeoff } from './front.ts'

const at = (throughput: number, violationRate: number): Tradeoff => ({ throughput, violationRate })

describe('the front', () => {
  test('has what is fastest for its safety', () => {
    const [slow, quick, reckless, bad] = [at(10, 0), at(20, 0), at(50, 0.3), at(15, 0.2)] as const
    expect(frontOf([slow, quick, reckless, bad])).toEqual([quick, reckless])
  })

  test('has all of those that are alike', () => {
    expect(frontOf([at(10, 0.1), at(10, 0.1)])).toHaveLength(2)
  })

  test('is never empty, and whatever is not on it is beaten by one that is', () => {
    const tradeoff = fc.record({ throughput: fc.nat(5), violationRate: fc.nat(5) })
    fc.assert(
      fc.property(fc.array(tradeoff, { minLength: 1 }), (all) => {
        const front = frontOf(all)
        expect(front).not.toHaveLength(0)
        for (const each of all) {
          const isBeaten = front.some(
            (other) =>
              other.throughput >= each.throughput &&
              other.violationRate <= each.violationRate &&
              (other.throughput !== each.throughput || other.violationRate !== each.violationRate),
          )
          expect(front.includes(each)).toBe(!isBeaten)
        }
      }),
    )
  })
})

describe('what a cell is compared by', () => {
  const never = { value: 0, low: 0, high: 0.1, basis: '' }

  test('is worse where it was violated than where it holds, however rare that is', () => {
    expect(comparedRate({ status: 'holds', rate: never })).toBe(0)
    expect(comparedRate({ status: 'violated', rate: never })).toBeGreaterThan(0)
  })

  test('is not known where nothing was judged, or no schedules were drawn', () => {
    expect(comparedRate({ status: 'inconclusive', rate: never })).toBeUndefined()
    expect(comparedRate({ status: 'not judged' })).toBeUndefined()
    expect(comparedRate({ status: 'violated' })).toBeUndefined()
  })
})
