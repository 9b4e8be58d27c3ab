import { fc, ok, rejected, z, type Invariant, type Observation, type Workload } from 'lockstep'

// What is in the tables, and what can be asked for: checked, so that a recorded run can be replayed.

const seatRow = z.strictObject({ id: z.int(), booked_by: z.int().nullable() })
const state = z.strictObject({ seat: z.array(seatRow) })
const command = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('book'), passenger: z.int(), seat: z.int() }),
  z.strictObject({ kind: z.literal('release'), passenger: z.int(), seat: z.int() }),
])

type State = Readonly<z.infer<typeof state>>
type Command = Readonly<z.infer<typeof command>>
type Book = Extract<Command, { readonly kind: 'book' }>
type Run = Observation<State, Command>

// What is drawn: few seats and few passengers, so that they get into each other's way.

const passenger = fc.integer({ min: 1, max: 3 })
const seat = fc.integer({ min: 1, max: 2 })

const someSeats = fc
  .array(fc.option(passenger), { minLength: 1, maxLength: 2 })
  .map((owners) => ({ seat: owners.map((owner, index) => ({ id: index + 1, booked_by: owner })) }))

const someCommand = fc.oneof<fc.Arbitrary<Command>[]>(
  fc.record({ kind: fc.constant('book'), passenger, seat }),
  fc.record({ kind: fc.constant('release'), passenger, seat }),
)

// What must be true of every run, whatever came between.

/** Every booking takes a seat that was free, and every release frees one that was not. */
const seatsAddUp: Invariant<State, Command> = {
  name: 'seats-add-up',
  summary: 'A seat is booked as often as it is released, and once more if it is booked in the end.',
  check(run) {
    for (const { id, booked_by } of run.final.seat) {
      const before = run.initial.seat.find((each) => each.id === id)?.booked_by ?? null
      const gained = Number(booked_by !== null) - Number(before !== null)
      const [booked, released] = [count(run, 'book', id, 'ok'), count(run, 'release', id, 'ok')]
      // Where the connection was lost around COMMIT, nobody knows.
      const most = booked - released + count(run, 'book', id, 'unknown')
      const least = booked - released - count(run, 'release', id, 'unknown')
      if (gained >= least && gained <= most) continue
      return `Seat ${id} was booked ${booked} times and released ${released} times, and is ${booked_by === null ? 'free' : `passenger ${booked_by}'s`} in the end.`
    }
    return undefined
  },
}

const nobodyUnasked: Invariant<State, Command> = {
  name: 'nobody-has-a-seat-unasked',
  summary: 'Whoever has a seat in the end had it before, or was told that it is theirs.',
  check(run) {
    for (const { id, booked_by } of run.final.seat) {
      const before = run.initial.seat.find((each) => each.id === id)?.booked_by ?? null
      if (booked_by === null || booked_by === before) continue
      const asked = run.commands.some(
        ({ command: { kind, passenger: by, seat: of }, reply }) =>
          kind === 'book' &&
          by === booked_by &&
          of === id &&
          (reply.kind === 'ok' || reply.kind === 'unknown'),
      )
      if (!asked) return `Passenger ${booked_by} has seat ${id}, and was never told so.`
    }
    return undefined
  },
}

function count(run: Run, kind: Command['kind'], id: number, reply: 'ok' | 'unknown'): number {
  return run.commands.filter(
    (each) => each.command.kind === kind && each.command.seat === id && each.reply.kind === reply,
  ).length
}

/** Passengers book seats, and release them again. A strategy says how a seat is booked. */
export const booking: Workload<State, Command, Book> = {
  name: 'booking',
  summary: 'Passengers book seats and release them again.',
  tables: [
    {
      name: 'seat',
      columns: ['id', 'booked_by'],
      create: ['CREATE TABLE seat (id INT PRIMARY KEY, booked_by INT)'],
    },
  ],
  schema: { state, command },
  arbitrary: { state: someSeats, command: someCommand },
  // Fixed starts for the explorers that try every schedule.
  scenarios: [
    {
      name: 'last-seat',
      summary: 'Several passengers book the last seat.',
      start: (actors) => ({
        initial: { seat: [{ id: 1, booked_by: null }] },
        actors: Array.from({ length: actors }, (_, index) => [
          { kind: 'book', passenger: index + 1, seat: 1 },
        ]),
      }),
    },
  ],
  // What a command does when nothing else happens at the same time.
  model(before, { kind, passenger: by, seat: id }) {
    const found = before.seat.find((each) => each.id === id)
    if (!found) return { state: before, reply: rejected('no such seat') }
    const refusal = kind === 'book' ? found.booked_by !== null : found.booked_by !== by
    if (refusal) {
      return { state: before, reply: rejected(kind === 'book' ? 'already booked' : 'not yours') }
    }
    const booked_by = kind === 'book' ? by : null
    return {
      state: { seat: before.seat.map((each) => (each.id === id ? { id, booked_by } : each)) },
      reply: ok(),
    }
  },
  invariants: [seatsAddUp, nobodyUnasked],
  // How the commands are done that the strategies are not about.
  handlers: {
    release: ({ transaction }, { passenger: by, seat: id }) =>
      transaction(async ({ sql }) => {
        const [found] = await sql`SELECT booked_by FROM seat WHERE id = ${id} FOR UPDATE`
        if (!found) return rejected('no such seat')
        if (found.booked_by !== by) return rejected('not yours')
        await sql`UPDATE seat SET booked_by = NULL WHERE id = ${id}`
        return ok()
      }),
  },
  describe: ({ kind, passenger: by, seat: id }) => `${kind}(passenger ${by}, seat ${id})`,
}
