import { readFileSync } from 'node:fs'
import { describe, expect, test, vi } from 'vitest'
import { lockstep, lockstepJson, startLockstep } from '../fixtures/program.ts'

const folder = 'harness/spec/fixtures'
const skew = `${folder}/specs/write-skew.spec`
const expected = readFileSync(`${folder}/expected/write-skew.out`, 'utf8')

interface Document {
  readonly specification: string
  readonly permutations: readonly { number: number; steps: string[]; transcript: string }[]
  readonly of: number
  readonly cancelledSteps: number
  readonly complete: boolean
  readonly reason?: string
}

describe.concurrent('spec', () => {
  test('prints the transcript and nothing else', async () => {
    expect(await lockstep(['spec', skew])).toEqual({ exitCode: 0, stdout: expected, stderr: '' })
  })

  test('runs what is asked for', async () => {
    const { stdout, exitCode } = await lockstep(['spec', skew, '--permutation', '20', '1'])
    const [head, ...parts] = expected.split('\nstarting permutation:')
    expect(exitCode).toBe(0)
    expect(stdout).toBe([head, parts[0], parts[19]].join('\nstarting permutation:'))
  })

  test('prints one document on request', async () => {
    const document = await lockstepJson<Document>(['spec', skew, '--permutation', '2'])
    expect(document).toEqual({
      specification: skew,
      permutations: [
        {
          number: 2,
          steps: ['a_look', 'a_leave', 'b_look', 'a_commit', 'b_leave', 'b_commit'],
          transcript: `\nstarting permutation:${expected.split('\nstarting permutation:')[2]}`,
        },
      ],
      of: 20,
      cancelledSteps: 0,
      complete: true,
      exitCode: 0,
    })
  })

  test('keeps what the tool complains of apart', async () => {
    const name = 'names-and-comments'
    const { stdout, stderr, exitCode } = await lockstep(['spec', `${folder}/specs/${name}.spec`])
    expect(exitCode).toBe(0)
    expect(stderr).toMatch(/^unused step name: Unused\nunused step name: unused_z\nteardown of /)
    const both = readFileSync(`${folder}/expected/${name}.out`, 'utf8').split('\n')
    const complaints = stderr.split('\n')
    expect(stdout.split('\n')).toEqual(both.filter((line) => !complaints.includes(line) || !line))
  })

  test.for([
    [
      ['no/such.spec'],
      /^lockstep: The specification cannot be read: ENOENT: .*no\/such\.spec'\.\n$/,
    ],
    [
      [skew, '--permutation', '21'],
      /^lockstep: The specification has 20 permutations, and so none of number 21\.\n$/,
    ],
    [
      ['README.md'],
      /^lockstep: The specification cannot be read: line 3: .* was not expected\.\n$/,
    ],
    [[skew, '--step-timeout', 'x'], /^lockstep: --step-timeout takes a number of seconds above 0/],
    [[], /^lockstep: Missing required argument 'file'\. See --help\.\n$/],
  ] as const)('refuses %j', async ([args, message]) => {
    const { exitCode, stdout, stderr } = await lockstep(['spec', ...args], { idle: true })
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr).toMatch(message)
  })

  test('says what it did when it is interrupted, and leaves nothing', async () => {
    const program = await startLockstep([
      'spec',
      'scripts/fixtures/never-released.spec',
      '--permutation',
      '2',
    ])
    await vi.waitFor(() => expect(program.stdout()).toContain('<waiting ...>'), 30_000)
    program.process.kill('SIGINT')
    const { exitCode, stdout, stderr } = await program.ended
    expect(exitCode).toBe(3)
    expect(stdout).toMatch(
      /^Parsed test spec with 2 sessions\n[^]*\nstep wait: [^]* <waiting \.\.\.>\n$/,
    )
    expect(stderr).toBe('lockstep: inconclusive: interrupted after 0 of 2 permutations.\n')
  })

  test('cancels what takes too long, and is then inconclusive', async () => {
    const { exitCode, stdout, stderr } = await lockstep([
      'spec',
      'scripts/fixtures/never-released.spec',
      '--step-timeout',
      '0.5',
    ])
    expect(exitCode).toBe(3)
    expect(stdout).toContain('\nisolationtester: canceling step wait after 0 seconds\n')
    expect(stderr).toBe('lockstep: inconclusive: 1 step took too long and was cancelled.\n')
  })
})
