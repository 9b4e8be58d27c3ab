import { describe, expect, test } from 'vitest'
import { ok, rejected } from './reply.ts'
import type { Session } from './session.ts'
import { defineStrategy, isStrategy } from './strategy.ts'
import { checkout } from './workloads/checkout.ts'
import { redemption } from './workloads/redemption.ts'

const summary = 'Tells what it was asked to do.'
const execute = async () => rejected('the strategy did it')

/** A session for handlers that send nothing. */
const session = {} as Session

const strategy = defineStrategy({ name: 'tells', workload: redemption, summary, execute })

describe('defineStrategy', () => {
  test('keeps what it is given', () => {
    expect(strategy).toMatchObject({ name: 'tells', workload: redemption, summary })
  })

  test('takes every invariant for claimed, and changes no table, unless it is told', () => {
    expect(strategy.claims).toEqual(redemption.invariants.map(({ name }) => name))
    expect(strategy.schema).toEqual([])
  })

  test('claims and changes what it is told', () => {
    const schema = {
      postgres: ['ALTER TABLE coupon ADD COLUMN version INT'],
      mysql: [],
      mariadb: [],
    }
    const claims = ['one-redemption-per-user']
    const modest = defineStrategy({
      name: 'm',
      workload: redemption,
      summary,
      execute,
      claims,
      schema,
    })
    expect(modest.claims).toEqual(claims)
    expect(modest.schema).toBe(schema)
    expect(
      defineStrategy({ name: 'n', workload: redemption, summary, execute, claims: [] }).claims,
    ).toEqual([])
  })
})

describe('the handler', () => {
  test('of a core command is the strategy, with the session and the command', async () => {
    const calls: unknown[] = []
    const { handler } = defineStrategy({
      name: 'notes',
      workload: redemption,
      summary,
      execute: async (...call) => {
        calls.push(call)
        return ok()
      },
    })
    const command = { kind: 'redeem', userId: 1, code: 'C1' }
    expect(await handler('redeem')(session, command)).toEqual(ok())
    expect(calls).toEqual([[session, command]])
  })

  test('of every core command of a workload is the strategy', async () => {
    const both = defineStrategy({ name: 'both', workload: checkout, summary, execute })
    for (const kind of ['checkout', 'redeem', 'purchase']) {
      expect(await both.handler(kind)(session, { kind })).toEqual(rejected('the strategy did it'))
    }
  })

  test("of another command is the workload's own", () => {
    expect(strategy.handler('deactivate')).toBe(redemption.handlers.deactivate)
  })

  test('of another command can be replaced, and then only that one is', async () => {
    const replaced = defineStrategy({
      name: 'replaces',
      workload: checkout,
      summary,
      execute,
      handlers: { deactivate: async () => rejected('its own way') },
    })
    const command = { kind: 'deactivate', code: 'C1' }
    expect(await replaced.handler('deactivate')(session, command)).toEqual(rejected('its own way'))
    expect(replaced.handler('restock')).toBe(checkout.handlers.restock)
    expect(checkout.handlers.deactivate).toBe(redemption.handlers.deactivate)
  })
})

describe('isStrategy', () => {
  test('knows what defineStrategy made', () => {
    expect(isStrategy(strategy)).toBe(true)
  })

  test.each([
    undefined,
    null,
    'check-then-insert',
    {},
    execute,
    redemption,
    { name: 'tells', summary, execute, workload: redemption },
    { ...strategy, handler: 'redeem' },
    { handler: strategy.handler, claims: [] },
    { handler: strategy.handler, workload: redemption },
  ])('takes nothing else for one: %o', (value) => {
    expect(isStrategy(value)).toBe(false)
  })
})
