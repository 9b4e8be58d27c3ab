import { crc32, deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { engineNames } from '../databases/engine-name.ts'
import { isolationLevels } from '../databases/isolation.ts'
import { UsageError } from '../errors.ts'
import { random } from '../explorers/random.ts'
import { faultNames, type PlannedFault } from '../faults/fault.ts'
import { grains } from '../grain.ts'
import { defaultBounds, planArbitrary } from '../plan.ts'
import { ok } from '../reply.ts'
import { defineStrategy } from '../strategy.ts'
import { workloads } from '../workloads/index.ts'
import { purchase } from '../workloads/purchase.ts'
import { checkRecording, decodeToken, encodeToken, type Recording } from './token.ts'

const damaged =
  'The token is damaged: a part of it is missing or changed. Copy it whole, without line breaks.'
const noToken =
  'This is not a token: a token begins with "ls1.". Copy it whole from the line below "To replay it:".'
const otherVersion = (version: string): string =>
  `The token is of version ${version}, and this Lockstep reads version 1: replay it with the Lockstep that printed it, or a newer one.`

const example: Recording = {
  workload: 'purchase',
  strategy: 'read-modify-write',
  engine: 'postgres',
  isolation: 'read-committed',
  grain: 'statement',
  invariant: 'stock-conserved',
  plan: {
    initial: { product: [{ id: 1, stock: 2 }], purchase: [] },
    actors: [
      [{ kind: 'purchase', userId: 1, productId: 1, quantity: 1 } as never],
      [{ kind: 'purchase', userId: 2, productId: 1, quantity: 1 } as never],
    ],
    schedule: [0, 1, 1],
    attempts: 3,
  },
  trace: [40_011, 0, 65_535],
}

const recordings: fc.Arbitrary<Recording> = fc.constantFrom(...workloads).chain((workload) =>
  fc.record({
    workload: fc.constant(workload.name),
    strategy: fc.oneof(fc.string(), fc.string({ unit: 'grapheme' })),
    engine: fc.constantFrom(...engineNames),
    isolation: fc.constantFrom(...isolationLevels),
    grain: fc.constantFrom(...grains),
    invariant: fc.constantFrom(...workload.invariants.map(({ name }) => name)),
    plan: planArbitrary(workload, random.schedule, defaultBounds, faultNames),
    trace: fc.array(fc.nat({ max: 0xffff })),
  }),
)

/** A token with a right checksum around any content. */
function tokenOf(content: string): string {
  const packed = deflateRawSync(content)
  const checksum = Buffer.alloc(4)
  checksum.writeUInt32BE(crc32(packed))
  return `ls1.${Buffer.concat([checksum, packed]).toString('base64url')}`
}

/** What `decodeToken` refuses a token with. */
function refusal(token: string): string {
  try {
    decodeToken(token)
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError)
    return (error as UsageError).message
  }
  throw new Error(`This was accepted: ${JSON.stringify(token)}`)
}

describe('a token', () => {
  test('gives back what was put in', () => {
    fc.assert(
      fc.property(recordings, (recording) => {
        expect(decodeToken(encodeToken(recording))).toEqual(recording)
      }),
    )
  })

  test('is one word that any shell takes as it is', () => {
    fc.assert(
      fc.property(recordings, (recording) => {
        expect(encodeToken(recording)).toMatch(/^ls1\.[\w-]+$/)
      }),
    )
  })

  test('is the same for the same recording, and short enough to paste', () => {
    expect(encodeToken(example)).toBe(encodeToken(structuredClone(example)))
    expect(encodeToken(example).length).toBeLessThan(400)
  })

  test('says nothing of faults where there are none', () => {
    const { plan } = example
    expect(encodeToken({ ...example, plan: { ...plan, faults: [] } })).toBe(encodeToken(example))
  })

  test.each([
    { actor: 0, step: 1, kind: 'sunshine' },
    { actor: 26, step: 1, kind: 'client-dies' },
    { actor: 0, step: -1, kind: 'client-dies' },
  ])('is refused with a fault like $kind of actor $actor at step $step', (fault) => {
    const faults = [fault as PlannedFault]
    expect(refusal(encodeToken({ ...example, plan: { ...example.plan, faults } }))).toBe(damaged)
  })

  test('may have blanks around it', () => {
    expect(decodeToken(`  ${encodeToken(example)}\n`)).toEqual(example)
  })

  test('made by version 1 is read for ever', () => {
    // Never change this token: somebody has it in a bug report.
    const token =
      'ls1.U820ZX2PwW7CMBBE_2XOGykG0sP-Qb8h8sGyXbAgcepdg1CUf68MVFUv3HZH80YzK25gLLX4k5MIgoBRogvdlEP6une3krTpsdmy6LFEASH92nyepqQaAwhXMESzP3c-zxLL9aEu4BVpTprcpZ1LyaF6BY8rUgAbekLg3WbprwuPdiM4r7kIeBxXnNMc_retEsvnM-MV-_q-q5s16R1sNktv2d1b1hLEn2Kol9aoJ0PGEpxqnBYV8H4jtC2HvjeGevoYhv1gtx8'
    expect(decodeToken(token)).toEqual(example)
  })
})

describe('a damaged token is refused', () => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

  /** The tokens with one character changed that are accepted all the same. */
  function acceptedChanges(token: string, from = 0): string[] {
    const accepted: string[] = []
    for (const [index, original] of token.split('').entries()) {
      if (index < from) continue
      for (const other of `${alphabet}.=+/ \n\u00E9`.replace(original, '')) {
        const changed = token.slice(0, index) + other + token.slice(index + 1)
        try {
          decodeToken(changed)
          accepted.push(changed)
        } catch (error) {
          const { message } = error as UsageError
          const known = [damaged, noToken, otherVersion(other)]
          if (!(error instanceof UsageError && known.includes(message))) throw error
        }
      }
    }
    return accepted
  }

  test('whichever character is changed', () => {
    expect(acceptedChanges(encodeToken(example))).toEqual([])
  })

  test('also where only bits are changed that hold nothing: those at the end', () => {
    // base64 has unused bits in its last character for two lengths out of three.
    for (const strategy of ['s', 'st', 'str', 'stra', 'strat', 'strate']) {
      const token = encodeToken({ ...example, strategy })
      expect(acceptedChanges(token, token.length - 2)).toEqual([])
    }
  })

  test('whichever character of any token is changed', () => {
    fc.assert(
      fc.property(
        recordings.map(encodeToken),
        fc.nat(),
        fc.constantFrom(...alphabet.split('')),
        (token, at, other) => {
          const index = 4 + (at % (token.length - 4))
          fc.pre(token[index] !== other)
          expect(refusal(token.slice(0, index) + other + token.slice(index + 1))).toBe(damaged)
        },
      ),
      { numRuns: 200 },
    )
  })

  test('wherever it is cut off', () => {
    const token = encodeToken(example)
    for (let length = 0; length < token.length; length++) {
      expect(refusal(token.slice(0, length))).toBe(length < 4 ? noToken : damaged)
    }
    fc.assert(
      fc.property(recordings.map(encodeToken), fc.nat(), (whole, at) => {
        const length = at % whole.length
        expect(refusal(whole.slice(0, length))).toBe(length < 4 ? noToken : damaged)
      }),
    )
  })

  test('with something after it, or twice', () => {
    const token = encodeToken(example)
    expect(refusal(`${token}A`)).toBe(damaged)
    expect(refusal(`${token}.`)).toBe(damaged)
    expect(refusal(token + token)).toBe(damaged)
  })

  test('with a line break in it, as terminals like to put there', () => {
    const token = encodeToken(example)
    expect(refusal(`${token.slice(0, 80)}\n${token.slice(80)}`)).toBe(damaged)
  })
})

describe('what is no token is refused', () => {
  test.each(['', 'ls', 'ls1', 'lsx.AAAA', 'LS1.AAAA', 'select-for-update', '{}'])('%j', (text) => {
    expect(refusal(text)).toBe(noToken)
  })

  test.each(['ls1.', 'ls1.A', 'ls1.AAAAAA', 'ls1.AAAAAAAA'])('%j', (text) => {
    expect(refusal(text)).toBe(damaged)
  })

  test('whatever it is', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `ls1.${text}`),
        ),
        (text) => {
          expect([noToken, damaged]).toContain(refusal(text))
        },
      ),
    )
  })

  test('a token of a newer version, by its version', () => {
    const { 1: body } = encodeToken(example).split('.')
    expect(refusal(`ls2.${body}`)).toBe(otherVersion('2'))
    expect(refusal('ls17.anything at all')).toBe(otherVersion('17'))
  })

  test('a small token that unpacks to a large text', () => {
    const bomb = tokenOf(`{"w":"${'a'.repeat(8 << 20)}"}`)
    expect(bomb.length).toBeLessThan(20_000)
    expect(refusal(bomb)).toBe(damaged)
  })

  test('a plan of more than a mebibyte, and none of less', () => {
    const long = (choices: number): string => {
      const schedule = Array.from({ length: choices }, () => 0)
      return encodeToken({ ...example, plan: { ...example.plan, schedule } })
    }
    expect(decodeToken(long(100_000)).plan.schedule).toHaveLength(100_000)
    expect(refusal(long(1 << 19))).toBe(damaged)
  })
})

describe('content of another shape is refused, however right its checksum', () => {
  const { workload: w, strategy: s, engine: e, isolation: i, invariant: v, plan: p } = example
  const content = { w, s, e, i, v, p, t: example.trace }

  test('and that shape is not', () => {
    expect(decodeToken(tokenOf(JSON.stringify(content)))).toEqual(example)
  })

  test.each([
    { name: 'nothing', change: null },
    { name: 'a number', change: 1 },
    { name: 'a list', change: [content] },
    { name: 'a part missing', change: { ...content, t: undefined } },
    { name: 'a part too many', change: { ...content, x: 1 } },
    { name: 'an unknown engine', change: { ...content, e: 'sqlite' } },
    { name: 'an unknown isolation', change: { ...content, i: 'snapshot' } },
    { name: 'a name that is none', change: { ...content, s: 1 } },
    { name: 'a fraction in the trace', change: { ...content, t: [0.5] } },
    { name: 'a negative choice', change: { ...content, p: { ...p, schedule: [-1] } } },
    { name: 'a fractional choice', change: { ...content, p: { ...p, schedule: [1.5] } } },
    { name: 'no attempts', change: { ...content, p: { ...p, attempts: 0 } } },
    { name: 'no actors', change: { ...content, p: { ...p, actors: [] } } },
    { name: 'a command without kind', change: { ...content, p: { ...p, actors: [[{}]] } } },
    { name: 'a command that is text', change: { ...content, p: { ...p, actors: [['x']] } } },
    { name: 'rows that are none', change: { ...content, p: { ...p, initial: { product: [1] } } } },
    { name: 'a table without rows', change: { ...content, p: { ...p, initial: { product: {} } } } },
    { name: 'a plan with more in it', change: { ...content, p: { ...p, faults: [] } } },
  ])('$name', ({ change }) => {
    expect(refusal(tokenOf(JSON.stringify(change)))).toBe(damaged)
  })

  test('text that is not JSON', () => {
    expect(refusal(tokenOf('process.exit(1)'))).toBe(damaged)
    expect(refusal(tokenOf(''))).toBe(damaged)
  })

  test('a checksum around what cannot be inflated', () => {
    const packed = Buffer.from('not deflated')
    const checksum = Buffer.alloc(4)
    checksum.writeUInt32BE(crc32(packed))
    const body = Buffer.concat([checksum, packed]).toString('base64url')
    expect(refusal(`ls1.${body}`)).toBe(damaged)
  })

  test('and a table called __proto__ changes no object', () => {
    const text = JSON.stringify(content).replace('"product":', '"__proto__":')
    const { initial } = decodeToken(tokenOf(text)).plan
    expect(Object.getPrototypeOf(initial)).toBe(Object.prototype)
    expect(Object.keys({})).toEqual([])
  })
})

describe('checkRecording', () => {
  const strategy = defineStrategy({
    name: 'read-modify-write',
    workload: purchase,
    summary: 'Only its name matters here.',
    execute: async () => ok(),
  })
  const othersThen =
    'The token does not fit workload "purchase" of this Lockstep: its tables, commands or invariants were others when the token was made.'

  const withPlan = (plan: Partial<Recording['plan']>): Recording => ({
    ...example,
    plan: { ...example.plan, ...plan },
  })

  test('accepts a recording of this strategy', () => {
    expect(() => checkRecording(example, strategy)).not.toThrow()
  })

  test('accepts every plan that is generated', () => {
    for (const workload of workloads) {
      const any = { ...strategy, workload }
      fc.assert(
        fc.property(planArbitrary(workload, random.schedule), (plan) => {
          const invariant = workload.invariants[0]!.name
          checkRecording({ ...example, invariant, plan }, any)
        }),
        { numRuns: 30 },
      )
    }
  })

  test('refuses one of another strategy', () => {
    expect(() => checkRecording({ ...example, strategy: 'select-for-update' }, strategy)).toThrow(
      new UsageError(
        'The token is of strategy "select-for-update", and this is "read-modify-write".',
      ),
    )
  })

  test.each([
    { name: 'another table', change: withPlan({ initial: { coupon: [] } }) },
    {
      name: 'another column',
      change: withPlan({ initial: { product: [{ id: 1, stock: 1, price: 1 }], purchase: [] } }),
    },
    {
      name: 'SQL text for a number',
      change: withPlan({ initial: { product: [{ id: 1, stock: '1; DROP' }], purchase: [] } }),
    },
    { name: 'an unknown command', change: withPlan({ actors: [[{ kind: 'redeem' }]] }) },
    {
      name: 'one wrong command among right ones',
      change: withPlan({ actors: [...example.plan.actors, [{ kind: 'restock' }]] }),
    },
    { name: 'an unknown invariant', change: { ...example, invariant: 'no-such' } },
  ])('refuses one with $name', ({ change }) => {
    expect(() => checkRecording(change, strategy)).toThrow(new UsageError(othersThen))
  })
})
