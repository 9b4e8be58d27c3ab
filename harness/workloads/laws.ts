import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Rows } from '../databases/engine.ts'
import type { Observation, PerformedCommand } from '../invariant.ts'
import { violationsIn } from '../oracles/judgement.ts'
import { isReply, unknown } from '../reply.ts'
import type { AnyCommand, AnyWorkload, Rush } from '../workload.ts'

const sentence = /^[A-Z][^\n]*[^\n.]\.$/
const kebabCase = /^[a-z]+(-[a-z]+)*$/

/** Commands of a load. */
const longLoad = 500

/** What comes of commands that are done one after the other, each in two steps. */
export function serialRun(
  workload: AnyWorkload,
  initial: Rows,
  commands: readonly AnyCommand[],
): Observation<Rows, AnyCommand> {
  const performed: PerformedCommand<AnyCommand>[] = []
  const committed: Rows[] = []
  let state = initial
  for (const [index, command] of commands.entries()) {
    const done = workload.model(state, command)
    state = done.state as Rows
    committed.push(state)
    performed.push({
      actor: index % 3,
      command,
      reply: done.reply,
      beganAt: index * 2 + 1,
      endedAt: index * 2 + 2,
    })
  }
  return { initial, commands: performed, committed, final: state }
}

/** The same, where some do not hear what became of their commands: they were done, or were not. */
function uncertainRun(
  workload: AnyWorkload,
  initial: Rows,
  list: readonly (readonly [AnyCommand, string])[],
): Observation<Rows, AnyCommand> {
  const done = list.filter(([, fate]) => fate !== 'not done')
  const serial = serialRun(
    workload,
    initial,
    done.map(([command]) => command),
  )
  let next = 0
  const commands = list.map(([command, fate], index): PerformedCommand<AnyCommand> => {
    const performed = fate === 'not done' ? undefined : serial.commands[next]
    if (performed) next += 1
    const reply = fate === 'told' && performed ? performed.reply : unknown()
    return { actor: index % 3, command, reply, beganAt: index * 2 + 1, endedAt: index * 2 + 2 }
  })
  return { ...serial, commands }
}

/** What every workload must keep to, whatever it is about. */
export function workloadLaws(workload: AnyWorkload): void {
  const states = workload.arbitrary.state as fc.Arbitrary<Rows>
  const commands = workload.arbitrary.command as fc.Arbitrary<AnyCommand>
  const commandLists = fc.array(commands, { maxLength: 12 })
  const { state: stateSchema, command: commandSchema } = workload.schema
  const accepts = (schema: typeof stateSchema, value: unknown): boolean =>
    schema.safeParse(value).success

  describe(`workload ${workload.name}`, () => {
    test('has names to type and sentences to describe them', () => {
      for (const { name, summary } of [workload, ...workload.invariants, ...workload.scenarios]) {
        expect(name).toMatch(kebabCase)
        expect(summary).toMatch(sentence)
      }
      for (const plugins of [workload.invariants, workload.scenarios]) {
        const names = plugins.map(({ name }) => name)
        expect(names).toEqual([...new Set(names)])
      }
    })

    test('generates states of its tables, with all their columns', () => {
      const columns = new Map(workload.tables.map((table) => [table.name, table.columns]))
      fc.assert(
        fc.property(states, (state) => {
          expect(Object.keys(state)).toEqual([...columns.keys()])
          for (const [table, rows] of Object.entries(state)) {
            for (const row of rows) expect(Object.keys(row)).toEqual(columns.get(table))
          }
        }),
      )
    })

    test('generates what its schema accepts, as plain data', () => {
      fc.assert(
        fc.property(states, commands, (state, command) => {
          expect(stateSchema.parse(JSON.parse(JSON.stringify(state)))).toEqual(state)
          expect(commandSchema.parse(JSON.parse(JSON.stringify(command)))).toEqual(command)
        }),
      )
    })

    test('accepts nothing else', () => {
      fc.assert(
        fc.property(states, commands, (state, command) => {
          expect(accepts(stateSchema, { ...state, extra: [] })).toBe(false)
          expect(accepts(commandSchema, { ...command, extra: 1 })).toBe(false)
          expect(accepts(commandSchema, { ...command, kind: 'no such' })).toBe(false)
          for (const table of Object.keys(state)) {
            expect(accepts(stateSchema, without(state, table))).toBe(false)
            const rows = state[table]?.map((row) => ({ ...row, extra: 1 })) ?? []
            expect(accepts(stateSchema, { ...state, [table]: rows })).toBe(rows.length === 0)
          }
          for (const property of Object.keys(command)) {
            expect(accepts(commandSchema, without(command, property))).toBe(false)
          }
        }),
      )
    })

    test('has a model that changes nothing it is given, and answers the same each time', () => {
      fc.assert(
        fc.property(states, commandLists, (state, list) => {
          const first = serialRun(workload, deepFreeze(state), deepFreeze(list))
          expect(serialRun(workload, state, list)).toEqual(first)
        }),
      )
    })

    test('has a model that stays within the schema, and does nothing when it refuses', () => {
      fc.assert(
        fc.property(states, commandLists, (initial, list) => {
          const run = serialRun(workload, initial, list)
          for (const [index, { reply }] of run.commands.entries()) {
            expect(isReply(reply)).toBe(true)
            expect(['ok', 'rejected']).toContain(reply.kind)
            expect(accepts(stateSchema, run.committed[index])).toBe(true)
            const before = run.committed[index - 1] ?? run.initial
            // The same object: shrinking tells by it that a command leaves nothing behind.
            if (reply.kind === 'rejected') expect(run.committed[index]).toBe(before)
          }
        }),
      )
    })

    test('has commands that are refused and commands that are done', () => {
      const replies = fc
        .sample(fc.tuple(states, commands), { seed: 1, numRuns: 500 })
        .map(([state, command]) => workload.model(state, command).reply.kind)
      expect(new Set(replies)).toEqual(new Set(['ok', 'rejected']))
    })

    test('holds all its invariants whatever became of those who were told unknown', () => {
      const fates = fc.constantFrom('told', 'done', 'not done')
      const lists = fc.array(fc.tuple(commands, fates), { maxLength: 8 })
      fc.assert(
        fc.property(states, lists, (initial, list) => {
          const run = uncertainRun(workload, initial, list)
          for (const { invariant, message } of violationsIn(workload, run)) {
            expect({ invariant, message }).toBe(undefined)
          }
        }),
      )
    })

    test('holds all its invariants when commands do not overlap', () => {
      fc.assert(
        fc.property(states, commandLists, (initial, list) => {
          const run = serialRun(workload, initial, list)
          for (const { name, check } of workload.invariants) {
            expect({ name, message: check(run) }).toEqual({ name, message: undefined })
          }
        }),
      )
    })

    test('has invariants that only look', () => {
      fc.assert(
        fc.property(states, commandLists, (initial, list) => {
          const run = deepFreeze(serialRun(workload, initial, list))
          for (const { check } of workload.invariants) check(run)
        }),
        { numRuns: 30 },
      )
    })

    test.each([1, 2, 3, 4])('has scenarios for %i actors that its schema accepts', (actors) => {
      for (const scenario of workload.scenarios) {
        const start = scenario.start(actors)
        expect(accepts(stateSchema, start.initial)).toBe(true)
        expect(start.actors).toHaveLength(actors)
        for (const list of start.actors) {
          expect(list.length).toBeGreaterThan(0)
          for (const command of list) expect(accepts(commandSchema, command)).toBe(true)
        }
        expect(scenario.start(actors)).toEqual(start)
      }
    })

    const profiles = Object.entries(workload.load ?? {})

    test.each(profiles)('has a load that can go on for ever: %s', (_, profile) => {
      const { initial, command } = profile.start(1)
      expect(accepts(stateSchema, initial)).toBe(true)
      let state = initial as Rows
      let done = 0
      for (let number = 0; number < longLoad; number++) {
        const next = command(number) as AnyCommand
        expect(accepts(commandSchema, next)).toBe(true)
        const after = workload.model(state, next)
        state = after.state as Rows
        if (after.reply.kind === 'ok') done += 1
      }
      expect(done).toBeGreaterThan(0.9 * longLoad)
      expect(profile.summary).toMatch(sentence)
      for (const [invariant, reason] of Object.entries(profile.beyond)) {
        expect(workload.invariants.map(({ name }) => name)).toContain(invariant)
        expect(reason).toMatch(sentence)
      }
    })

    test.each(profiles)('has a load that follows from its seed: %s', (contention, profile) => {
      const begin = (seed: number) => {
        const { command } = profile.start(seed)
        return Array.from({ length: 100 }, (_, number) => command(number) as AnyCommand)
      }
      expect(begin(1)).toEqual(begin(1))
      if (contention === 'spread') expect(begin(1)).not.toEqual(begin(2))
    })

    const rushes = workload.rush ? [workload.rush as Rush<Rows, AnyCommand>] : []

    test.each(rushes)('has a rush in which there is not enough for all', (rush) => {
      const clients = 100
      const { quantity = { min: 1, max: 1 } } = rush
      const options = { clients, supply: rush.supplyFor(clients), quantity, seed: 1 }
      const { initial, commands: rushing } = rush.start(options)
      expect(rush.start(options)).toEqual({ initial, commands: rushing })
      expect(accepts(stateSchema, initial)).toBe(true)
      expect(rushing).toHaveLength(clients)
      for (const command of rushing) {
        expect(accepts(commandSchema, command)).toBe(true)
        expect(rush.quantityOf(command)).toBeGreaterThanOrEqual(quantity.min)
        expect(rush.quantityOf(command)).toBeLessThanOrEqual(quantity.max)
      }
      const run = serialRun(workload, initial, rushing)
      const done = run.commands.filter(({ reply }) => reply.kind === 'ok')
      const amount = done.reduce((sum, { command }) => sum + rush.quantityOf(command), 0)
      expect(done.length).toBeGreaterThan(0)
      expect(done.length).toBeLessThan(clients)
      expect(rush.left(initial)).toBe(options.supply)
      expect(rush.left(run.final)).toBe(options.supply - amount)
      expect(rush.handedOut(run.final)).toEqual({ rows: done.length, quantity: amount })
    })

    test('describes each command in one line that says all of it', () => {
      fc.assert(
        fc.property(commands, commands, (one, other) => {
          expect(workload.describe(one)).toMatch(/^[a-z]+\(.+\)$/)
          const same = JSON.stringify(one) === JSON.stringify(other)
          expect(workload.describe(one) === workload.describe(other)).toBe(same)
        }),
      )
    })

    test('brings a handler only for commands that it generates', () => {
      const kinds = fc.sample(commands, { seed: 1, numRuns: 500 }).map(({ kind }) => kind)
      for (const [kind, handler] of Object.entries<unknown>(workload.handlers)) {
        expect(kinds).toContain(kind)
        expect(handler).toBeTypeOf('function')
      }
    })
  })
}

function without(object: object, key: string): object {
  return Object.fromEntries(Object.entries(object).filter(([name]) => name !== key))
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.freeze(value)
    for (const inner of Object.values(value)) deepFreeze(inner)
  }
  return value
}
