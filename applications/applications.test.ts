import { globSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { judgeable } from '../harness/index.ts'
import { workloadLaws } from '../harness/vitest/index.ts'
import { expectations, type ApplicationId } from './expectations.ts'
import { loadApplication } from './load.ts'
import { withdrawal } from './prisma/withdrawal.ts'

const ids = Object.keys(expectations) as ApplicationId[]

test('every application has an expectation, and every library one that breaks and one that holds', () => {
  const files = globSync('*/*.ts', { cwd: import.meta.dirname }).map((file) =>
    join(dirname(file), basename(file, '.ts')),
  )
  expect(files).toEqual(expect.arrayContaining(ids))
  const libraries = Object.groupBy(Object.entries(expectations), ([id]) => dirname(id))
  const folders = new Set(files.map((file) => dirname(file)))
  expect(new Set(Object.keys(libraries))).toEqual(folders)
  for (const [library, known = []] of Object.entries(libraries)) {
    const kinds = new Set(known.map(([, each]) => ('breaks' in each ? 'breaks' : 'holds')))
    expect({ library, kinds }).toEqual({ library, kinds: new Set(['breaks', 'holds']) })
  }
})

test.each(ids)('%s is what its name says', async (id) => {
  const application = await loadApplication(id)
  expect(application.name).toBe(id.replace('/', '-'))
  const { workload, ...expectation } = expectations[id]
  expect(application.workload).toBe(workload)
  if ('breaks' in expectation) {
    expect(application.claims).toContain(expectation.breaks)
    expect(judgeable(workload).map(({ name }) => name)).toContain(expectation.breaks)
  }
})

workloadLaws(withdrawal)

describe('a withdrawal', () => {
  const coupon = (active: boolean) => [{ id: 1, code: 'C1', active, cap: null }]
  const redeemed = (...users: number[]) => users.map((user_id) => ({ coupon_id: 1, user_id }))
  const state = (active: boolean, ...users: number[]) => ({
    coupon: coupon(active),
    redemption: redeemed(...users),
  })
  const check = (...states: ReturnType<typeof state>[]) => {
    const invariant = withdrawal.invariants.find(
      ({ name }) => name === 'no-redemption-once-withdrawn',
    )!
    const [initial, ...committed] = states
    return invariant.check({ initial: initial!, commands: [], committed, final: states.at(-1)! })
  }

  test('may come after redemptions, and be the last that is committed', () => {
    expect(check(state(true), state(true, 1), state(true, 1, 2), state(false, 1, 2))).toBe(
      undefined,
    )
  })

  test('may be committed together with a redemption', () => {
    expect(check(state(true), state(false, 1))).toBe(undefined)
  })

  test('is final', () => {
    expect(check(state(true, 1), state(false, 1), state(false, 1, 2))).toBe(
      'C1 was withdrawn with 1 of its redemptions committed, and then there were 2.',
    )
    expect(check(state(false), state(false, 1))).toBe(
      'C1 was withdrawn with 0 of its redemptions committed, and then there were 1.',
    )
  })
})
