import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { statement } from '../databases/statement.ts'
import { idle, locking, simulate } from '../explorers/fixtures/simulated-run.ts'
import { inOrder, stepsOf, withFewerSwitches } from './order.ts'

describe('stepsOf', () => {
  test('says of each step whose it was, in which of the commands, and its number', () => {
    const request = { kind: 'sleep', ms: 0 } as const
    const phase = { kind: 'phase', statement: statement`UPDATE product SET stock = 0` } as const
    const reply = { kind: 'ok' } as const
    const steps = stepsOf([
      { kind: 'parked', actor: 0, request },
      { kind: 'sent', actor: 0, step: 1, request },
      { kind: 'sent', actor: 1, step: 2, request },
      { kind: 'replied', actor: 0, command: 0, reply },
      { kind: 'sent', actor: 0, step: 3, request },
      { kind: 'sent', actor: 0, step: 4, request: phase },
      { kind: 'sent', actor: 1, step: 5, request },
      { kind: 'sent', actor: 0, step: 6, request },
      { kind: 'fault', actor: 1, fault: 'client-dies', step: 7 },
    ])
    expect(steps).toEqual([
      { actor: 0, command: 0, number: 0 },
      { actor: 1, command: 0, number: 0 },
      { actor: 0, command: 1, number: 1 },
      { actor: 0, command: 1, number: 1 },
      { actor: 1, command: 0, number: 1 },
      { actor: 0, command: 1, number: 2 },
      { actor: 1, command: 0, number: 2 },
    ])
  })
})

describe('inOrder', () => {
  const orderOf = (actors: readonly number[], ...steps: readonly number[]): string =>
    simulate(steps.map(idle), inOrder(actors)).order.join('')

  test('follows the order', () => {
    expect(orderOf([1, 0, 0, 2, 1], 2, 2, 1)).toBe('10021')
  })

  test('skips who takes fewer steps, and lets those that take more go on at the end', () => {
    expect(orderOf([0, 0, 0, 1, 0, 1], 1, 2)).toBe('011')
    expect(orderOf([0, 1], 1, 3)).toBe('0111')
    expect(orderOf([], 2, 2)).toBe('0011')
  })

  test('makes up for what an actor could not do in time', () => {
    const actors = [locking(['x', undefined]), locking(['x', undefined])]
    // B's second step has to wait until A has let go of the lock.
    expect(simulate(actors, inOrder([0, 1, 1, 0])).order.join('')).toBe('0101')
  })
})

describe('withFewerSwitches', () => {
  const all = (order: string): string[] =>
    [...withFewerSwitches(order.split('').map(Number))].map((each) => each.join(''))

  test('puts steps off until those of the same actor that come next, or brings these forward', () => {
    expect(all('0110')).toEqual(['1100', '0011'])
    expect(all('0121')).toEqual(['0211', '0112'])
  })

  test('has nothing to offer for actors that take all their steps at once', () => {
    expect(all('001122')).toEqual([])
    expect(all('')).toEqual([])
  })

  test('offers the same steps, with fewer switches', () => {
    const upwards = (a: number, b: number): number => a - b
    const switches = (order: readonly number[]): number =>
      order.filter((actor, index) => index > 0 && actor !== order[index - 1]).length
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 3 }), { maxLength: 20 }), (order) => {
        for (const fewer of withFewerSwitches(order)) {
          expect(fewer.toSorted(upwards)).toEqual(order.toSorted(upwards))
          expect(switches(fewer)).toBeLessThan(switches(order))
        }
      }),
    )
  })
})
