import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lockstep } from '../fixtures/program.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lockstep-init-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('init says what it has written, and what to do next', async () => {
  const seats = join(folder, 'seats')
  const { exitCode, stdout, stderr } = await lockstep(['init', seats])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(stdout).toBe(`Written into ${seats}:
  workloads/booking.ts
  strategies/check-then-book.ts
  strategies/lock-then-book.ts
  booking.test.ts
  README.md
  tsconfig.json
  package.json

Next:
  cd ${seats}
  npm install --save-dev path/to/lockstep-0.1.0.tgz
  npm install
  npm test
  npx lockstep explore --strategy ./strategies/check-then-book.ts
`)
})

test('init says the same in JSON, in the words of whoever called it', async () => {
  const environment = { npm_config_user_agent: 'pnpm/12.21.0 npm/? node/v26.10.0 linux x64' }
  const { exitCode, stdout } = await lockstep(['init', folder, '--json'], { environment })
  expect(exitCode).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({
    folder,
    written: expect.arrayContaining(['booking.test.ts', 'pnpm-workspace.yaml']) as unknown,
    kept: [],
    next: expect.arrayContaining(['pnpm test']) as unknown,
  })
})

test('init writes over an example only with --force', async () => {
  expect((await lockstep(['init', folder])).exitCode).toBe(0)
  const again = await lockstep(['init', folder])
  expect(again).toMatchObject({ exitCode: 2, stdout: '' })
  expect(again.stderr).toMatch(
    /^lockstep: .*booking\.ts, .* are there already, and nothing was written: /,
  )
  rmSync(join(folder, 'workloads'), { recursive: true })
  const forced = await lockstep(['init', folder, '--force'])
  expect(forced).toMatchObject({ exitCode: 0 })
  expect(forced.stdout).toContain('Left as they were: README.md, tsconfig.json')
  expect(existsSync(join(folder, 'workloads/booking.ts'))).toBe(true)
})
