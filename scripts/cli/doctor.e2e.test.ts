import { describe, expect, test } from 'vitest'
import { engineNames, type Diagnosis } from '../../harness/index.ts'
import { lockstep as run } from '../fixtures/program.ts'

/** It starts nothing: here it could not. */
const doctor = (...args: string[]) => run(['doctor', ...args], { temporaryFolder: '/nonexistent' })

describe.concurrent('doctor', () => {
  test('says what there is for every engine, within 100 columns and without colours', async () => {
    const { exitCode, stdout, stderr } = await doctor()
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout).toMatch(
      new RegExp(`^Node {9}${process.versions.node} on ${process.platform} ${process.arch}`),
    )
    expect(stdout).toContain('\nTMPDIR       /nonexistent, cannot be looked at')
    for (const engine of engineNames) expect(stdout).toContain(`: --database ${engine} `)
    expect(stdout.split('\n').filter((line) => line.length > 100)).toEqual([])
    expect(stdout).not.toContain('\u001B')
  })

  test('says it as one document with --json', async () => {
    const { exitCode, stdout, stderr } = await doctor('--json')
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    const diagnosis = JSON.parse(stdout) as Diagnosis
    expect(Object.keys(diagnosis)).toEqual(['machine', 'docker', 'engines'])
    expect(diagnosis.engines.map(({ engine }) => engine)).toEqual(engineNames)
    expect(diagnosis.engines[0]?.providers.map(({ provider }) => provider)).toEqual([
      'url',
      'embedded',
      'local',
      'container',
    ])
  })
})
