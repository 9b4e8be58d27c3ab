import { describe, expect, test, vi } from 'vitest'
import { fixture, lockstep, lockstepJson, startLockstep } from '../fixtures/program.ts'
import { serverIn } from '../fixtures/traces.ts'

const words = (text: string): string[] => text.split(' ')
const simulate = (text: string): string[] => ['simulate', ...words(text)]

interface Document {
  readonly verdict: string
  readonly clients: number
  readonly connections: number
  readonly outcomes: readonly {
    readonly reply: string
    readonly clients: number
    readonly quantity: number
  }[]
  readonly accounted: { readonly clients: number; readonly quantity: number }
  readonly swallowed: { readonly successes: number; readonly quantity: number }
  readonly handedOut: { readonly rows: number; readonly quantity: number }
  readonly supply: { readonly before: number; readonly after: number }
  readonly invariants: readonly { readonly name: string; readonly outcome: string }[]
}

const brokenIn = ({ invariants }: Document): string[] =>
  invariants.filter(({ outcome }) => outcome === 'broken').map(({ name }) => name)

describe.concurrent('a simulation', () => {
  test('with 500 clients accounts for each of them', async () => {
    const document = await lockstepJson<Document>(
      simulate('--strategy conditional-update --seed 42'),
    )
    expect(document).toMatchObject({
      exitCode: 0,
      verdict: 'holds',
      clients: 500,
      connections: 500,
      quantity: { min: 1, max: 30 },
      supply: { before: 5000 },
    })
    const [ok, refused] = document.outcomes
    expect(refused?.reply).toBe('rejected: not enough stock')
    expect((ok?.clients ?? 0) + (refused?.clients ?? 0)).toBe(500)
    expect(document.handedOut).toEqual({ rows: ok?.clients, quantity: ok?.quantity })
    expect(document.supply.after).toBe(5000 - (ok?.quantity ?? 0))
    expect(document.accounted.clients).toBe(500)
    expect(document.accounted.quantity).toBeGreaterThan(500 * 14)
  })

  test('is shown to people, 80 columns wide and without colours', async () => {
    const { exitCode, stdout, stderr } = await lockstep(
      simulate('--strategy read-modify-write --clients 60 --stock 200 --quantity 3 --seed 1'),
      { environment: { FORCE_COLOR: '1', COLUMNS: '40' } },
    )
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' })
    expect(stdout).toMatch(
      /^VIOLATED {2}purchase\/read-modify-write on PostgreSQL \S+ \(embedded\),\nread-committed\n {2}stock-conserved: Product 1 had 200,/,
    )
    expect(stdout).toMatch(
      /\n\n60 clients on 60 connections, all released at once, each for 3 items \(seed 1\):\n/,
    )
    expect(stdout).toMatch(/\n {2}in stock {4}200 before, -?\d+ after\n/)
    expect(stdout).toMatch(/\n {7}60 {4}180 {2}in all: everybody is accounted for\n/)
    expect(stdout).toMatch(/\nNobody chose this schedule: /)
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
    expect(stdout).not.toContain('\u001B')
  })

  test('sees replies that are not true, which a count of promises would believe', async () => {
    const document = await lockstepJson<Document>(
      simulate('--strategy swallowed-error --clients 40 --seed 1'),
    )
    expect(document).toMatchObject({ exitCode: 1, verdict: 'violated' })
    expect(brokenIn(document)).toEqual(['ok-has-its-purchase'])
    const { swallowed, outcomes, accounted, handedOut } = document
    expect(swallowed).toEqual({ successes: 40, quantity: accounted.quantity })
    expect(outcomes).toMatchObject([{ reply: 'ok', clients: 40 }])
    expect(handedOut.rows).toBeLessThan(40)
    expect(handedOut.quantity).toBeLessThan(accounted.quantity)
  })

  test('of coupons breaks both of their rules', async () => {
    const document = await lockstepJson<Document>(
      simulate('--strategy check-then-insert --clients 80'),
    )
    expect(document).toMatchObject({ exitCode: 1, supply: { before: 20 } })
    expect(brokenIn(document)).toEqual(['one-redemption-per-user', 'redemptions-within-cap'])
  })

  test('at several levels has a summary', async () => {
    const { exitCode, stdout } = await lockstep(
      simulate(
        '--strategy conditional-update --clients 10 --isolation read-committed,serializable',
      ),
    )
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(
      /\n\nHOLDS {2}purchase\/conditional-update: 2 simulations\n {2}PostgreSQL \S+ {2}read-committed {2}HOLDS {2}\d+ ms\n {2}PostgreSQL \S+ {2}serializable {4}HOLDS {2}\d+ ms\n$/,
    )
  })
})

describe.concurrent('a simulation that cannot be', () => {
  test.each([
    [
      '--strategy conditional-update --clients 0',
      '--clients takes a whole number, 1 to 100000, and not "0".',
    ],
    [
      '--strategy conditional-update --quantity 30-1',
      '--quantity takes a number from 1 on or a range such as 1-30, and not "30-1".',
    ],
    [
      '--strategy check-then-insert --quantity 2',
      '--quantity is not for workload "redemption", where each client asks for one: leave it out.',
    ],
    [
      '--strategy conditional-updat',
      'There is no strategy "conditional-updat". Did you mean "conditional-update"?',
    ],
  ])('%s', async (args, sentence) => {
    const ended = await lockstep(simulate(args), { temporaryFolder: '/nonexistent' })
    expect(ended).toEqual({ exitCode: 2, stdout: '', stderr: `lockstep: ${sentence}\n` })
  })

  test('for there are not enough connections', async () => {
    const { exitCode, stdout, stderr } = await lockstep(
      simulate('--strategy conditional-update --clients 700'),
    )
    expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' })
    expect(stderr).toMatch(
      /^lockstep: inconclusive: 700 connections are needed, and PostgreSQL takes only \d+ more: run with fewer clients, or raise max_connections of the server\.\n$/,
    )
  })
})

describe.concurrent('a simulation that does not come to its end', () => {
  const hanging = simulate(`--strategy ${fixture('hangs')} --clients 5`)

  test('because somebody pressed Ctrl-C says who was not answered', async () => {
    const program = await startLockstep([...hanging, '--json'])
    await vi.waitFor(() => expect(program.stderr()).toBe('hanging\n'.repeat(5)), {
      timeout: 40_000,
    })
    program.process.kill('SIGINT')
    const { exitCode, stdout } = await program.ended
    expect(exitCode).toBe(3)
    expect(JSON.parse(stdout)).toMatchObject({
      verdict: 'inconclusive',
      fault: 'interrupted',
      reason: 'Interrupted when 5 clients were not yet answered.',
      outcomes: [
        { reply: 'ok', clients: 0 },
        { reply: 'no answer', clients: 5 },
      ],
    })
  })

  test('because of a strategy that hangs says so', async () => {
    const { exitCode, stdout, stderr } = await lockstep([...hanging, '--time-limit', '0.5'])
    expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' })
    expect(stderr).toMatch(
      /\nlockstep: inconclusive: Strategy "hangs" hangs in redeem\(user 1, C1\) of client 1: for 500 ms it has neither sent a statement nor ended\.\n$/,
    )
  })

  test('because a strategy goes on for ever says so', async () => {
    const { exitCode, stderr } = await lockstep(
      simulate(`--strategy ${fixture('loops-aloud')} --clients 2 --time-limit 0.5`),
    )
    expect(exitCode).toBe(3)
    expect(stderr).toContain(
      '\nlockstep: inconclusive: Strategy "loops-aloud" did not end redeem(user 1, C1) of client 1 within 500 ms, and waits for no lock: one of its statements takes longer, or it never ends.\n',
    )
  })

  test('because its server is killed says so', async () => {
    const program = await startLockstep(
      simulate(`--strategy ${fixture('loops-aloud')} --clients 5`),
    )
    await vi.waitFor(() => expect(program.stderr()).toBe('looping\n'.repeat(5)), {
      timeout: 40_000,
    })
    process.kill(serverIn(program.folder), 'SIGKILL')
    const { exitCode, stdout, stderr } = await program.ended
    expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' })
    expect(stderr).toMatch(/\nlockstep: inconclusive: .* connection.* was lost/)
  })
})
