import { globSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { describe, expect, test } from 'vitest'
import { engineNames, isStrategy, workloads, type Strategy } from '../harness/index.ts'
import { catalogue, strategies } from './index.ts'

const here = import.meta.dirname
const files = globSync('*/*.ts', { cwd: here }).filter((file) => !file.endsWith('.test.ts'))

/** What the files export as default, by file. Those that only help others export nothing so. */
const exported = new Map<string, unknown>()
for (const file of files) {
  const module = (await import(`${here}/${file}`)) as { readonly default?: unknown }
  if (module.default !== undefined) exported.set(file, module.default)
}

const nameOf = ({ workload, name }: Strategy): string => `${workload.name}/${name}`

test('the registry has every strategy file once, and nothing else', () => {
  expect(strategies.map((strategy) => `${nameOf(strategy)}.ts`).toSorted()).toEqual(
    [...exported.keys()].toSorted(),
  )
  expect(new Set(strategies)).toEqual(new Set(exported.values()))
  expect(exported.size).toBeGreaterThan(10)
})

test('the registry knows every strategy by its workload and name', () => {
  for (const [id, strategy] of Object.entries(catalogue)) expect(nameOf(strategy)).toBe(id)
})

test('strategies of one workload stand side by side', () => {
  const homes = strategies.map(({ workload }) => workload.name)
  const changes = homes.filter((home, index) => home !== homes[index - 1])
  expect(changes).toEqual([...new Set(homes)])
})

describe.each([...exported])('%s', (file, strategy) => {
  test('exports a strategy', () => {
    expect(isStrategy(strategy)).toBe(true)
  })

  const { name, workload, claims, summary, schema, handler } = strategy as Strategy

  test('is named as its file, in the folder of its workload', () => {
    expect({ name, workload: workload.name }).toEqual({
      name: basename(file, '.ts'),
      workload: dirname(file),
    })
    expect(workloads).toContain(workload)
  })

  test('claims only invariants that its workload has, each once', () => {
    const known = workload.invariants.map((invariant) => invariant.name)
    expect(known).toEqual(expect.arrayContaining([...claims]))
    expect(claims).toEqual([...new Set(claims)])
    expect(claims.length).toBeGreaterThan(0)
  })

  test('says what it does in one sentence', () => {
    expect(summary).toMatch(/^[^\n]*[^\n.]\.$/)
    expect(summary).not.toMatch(/\. [A-Z]/)
    expect(summary.length).toBeLessThanOrEqual(100)
  })

  test('has statements for its tables on every engine', () => {
    const perEngine = Array.isArray(schema)
      ? [schema]
      : engineNames.map((engine) => schema[engine as never])
    for (const statements of perEngine as unknown[][]) {
      for (const statement of statements) expect(statement).toBeTypeOf('string')
    }
  })

  test('does every command', () => {
    const scenarios = workload.scenarios.flatMap((scenario) => scenario.start(4).actors.flat())
    for (const { kind } of scenarios) expect(handler(kind)).toBeTypeOf('function')
  })
})
