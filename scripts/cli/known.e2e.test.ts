import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lockstep } from '../fixtures/program.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lockstep-known-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const search = ['explore', '--strategy', 'read-modify-write', '--seed', '1', '--grain', 'statement']
const conserved = ['--invariant', 'stock-conserved']

describe.concurrent('a counterexample', () => {
  test('is kept in a file that can be read, and replayed from there', async () => {
    const found = await lockstep([...search, ...conserved, '--keep', folder])
    const file = join(
      folder,
      'postgres/read-committed/purchase.read-modify-write.stock-conserved.json',
    )
    expect(found).toMatchObject({ exitCode: 1, stderr: `kept: ${file}\n` })
    expect(readFileSync(file, 'utf8')).toMatch(/\n {4}"step {2}A +B",\n/)
    const replayed = await lockstep(['replay', file])
    expect(replayed).toMatchObject({ exitCode: 1, stderr: '' })
    expect(replayed.stdout).toMatch(/^VIOLATED {2}purchase\/read-modify-write on PostgreSQL/)
    const run = /\nBefore:.*?\nAfter:[^\n]*\n( {2}[^\n]*\n)+/s
    expect(run.exec(found.stdout)?.[0]).toBe(run.exec(replayed.stdout)?.[0])
  })

  test('that cannot be kept is shown all the same, and nobody takes it for kept', async () => {
    const file = join(folder, 'file')
    writeFileSync(file, '')
    const { exitCode, stdout, stderr } = await lockstep([...search, ...conserved, '--keep', file])
    expect(exitCode).toBe(3)
    expect(stdout).toMatch(/^VIOLATED /)
    expect(stderr).toMatch(
      /^lockstep: the result was lost: the counterexample cannot be kept: Error: ENOTDIR: .*\.\n$/,
    )
  })

  test.for([
    ['nowhere.json', undefined, 'There is no file "nowhere.json" to replay.'],
    ['not.json', 'hello', 'not.json holds no counterexample: it is not JSON.'],
    [
      'other.json',
      '{"format": "lockstep counterexample", "version": 2}',
      'other.json is of version 2, and this Lockstep reads version 1: use the Lockstep that wrote it, or a newer one.',
    ],
  ] as const)('is not replayed from %s', async ([name, text, sentence]) => {
    const file = text === undefined ? name : join(folder, name)
    if (text !== undefined) writeFileSync(file, text)
    const ended = await lockstep(['replay', file], { temporaryFolder: '/nonexistent' })
    const stderr = `lockstep: ${sentence.replace(/^(not|other)\.json/, file)}\n`
    expect(ended).toEqual({ exitCode: 2, stdout: '', stderr })
  })
})
