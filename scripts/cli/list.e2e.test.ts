import { describe, expect, test } from 'vitest'
import { engines, explorers, faultTypes, workloads } from '../../harness/index.ts'
import { strategies } from '../../strategies/index.ts'
import { lockstep as run } from '../fixtures/program.ts'

/** Whatever needs no server is not to start one: here it could not. */
const lockstep = (...args: string[]) => run(args, { temporaryFolder: '/nonexistent' })

const faults = Object.values(faultTypes)

describe.concurrent('list', () => {
  test('names everything there is, within 100 columns', async () => {
    const { exitCode, stdout, stderr } = await lockstep('list')
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    for (const { name } of [...strategies, ...workloads, ...engines, ...explorers, ...faults]) {
      expect(stdout).toContain(name)
    }
    expect(stdout.split('\n').filter((line) => line.length > 100)).toEqual([])
    expect(stdout).not.toContain('\u001B')
  })

  test('does so as one document with --json', async () => {
    const { exitCode, stdout, stderr } = await lockstep('list', '--json')
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    const catalogue = JSON.parse(stdout) as {
      readonly workloads: readonly { readonly strategies: readonly object[] }[]
    }
    expect(Object.keys(catalogue)).toEqual(['workloads', 'databases', 'explorers', 'faults'])
    expect(catalogue.workloads.flatMap((each) => each.strategies)).toHaveLength(strategies.length)
    expect(catalogue.workloads[0]?.strategies[0]).toEqual({
      name: 'check-then-insert',
      summary: expect.any(String),
      claims: workloads[0]?.invariants.map(({ name }) => name),
    })
  })
})

describe.concurrent('help', () => {
  test.for([
    [[], 'Usage: lockstep [options] [command]'],
    [['explore'], 'Usage: lockstep explore [options]'],
    [['replay'], 'Usage: lockstep replay [options] <token>'],
    [['hermitage'], 'Usage: lockstep hermitage [options]'],
    [['list'], 'Usage: lockstep list [options]'],
    [['doctor'], 'Usage: lockstep doctor [options]'],
  ] as const)('of %j', async ([command, usage]) => {
    const { exitCode, stdout, stderr } = await lockstep(...command, '--help')
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout.split('\n')[0]).toBe(usage)
    expect(stdout.split('\n').filter((line) => line.length > 100)).toEqual([])
    // A default that is an object shows as its name.
    expect(stdout).not.toContain('{')
  })

  test('stands in for a missing command', async () => {
    const { exitCode, stdout, stderr } = await lockstep()
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr).toContain('Usage: lockstep [options] [command]')
    for (const command of ['explore', 'replay', 'hermitage', 'list', 'doctor'])
      expect(stderr).toContain(`  ${command} `)
  })
})
