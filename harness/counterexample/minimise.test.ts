import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Rows } from '../databases/engine.ts'
import { exhaustive } from '../explorers/exhaustive.ts'
import {
  idle,
  simulate,
  type SimulatedActor,
  type SimulatedRun,
} from '../explorers/fixtures/simulated-run.ts'
import type { ActorId, History, RunEvent } from '../history.ts'
import type { PerformedCommand } from '../invariant.ts'
import type { Plan } from '../plan.ts'
import { ok, rejected, type Reply } from '../reply.ts'
import type { RunRecord } from '../run.ts'
import { planned, type Chooser } from '../scheduler/choice.ts'
import type { AnyCommand, AnyWorkload } from '../workload.ts'
import { purchase } from '../workloads/purchase.ts'
import type { Purchase, PurchaseRow, Restock, StockState } from '../workloads/stock.ts'
import { contextSwitches, minimise, scheduleOf, type Failure, type Try } from './minimise.ts'

type Command = Purchase | Restock

const buy = (userId: number, productId = 1, quantity = 1): Purchase => ({
  kind: 'purchase',
  userId,
  productId,
  quantity,
})
const restock = (quantity: number, productId = 1): Restock => ({
  kind: 'restock',
  productId,
  quantity,
})

const stocked = (...stocks: readonly number[]): Rows => ({
  product: stocks.map((stock, index) => ({ id: index + 1, stock })),
  purchase: [],
})

const planOf = (initial: Rows, ...actors: readonly (readonly Command[])[]): Plan => ({
  initial,
  actors,
  schedule: [],
  attempts: 3,
})

const noRun = { initial: {}, commands: [], committed: [], final: {} }

/** Whose steps were sent, one after the other. */
const orderOf = ({ history }: RunRecord): ActorId[] =>
  history.filter(({ kind }) => kind === 'sent').map(({ actor }) => actor)

const recordOf = ({ history, choices, order }: SimulatedRun): RunRecord => ({
  observation: noRun,
  history,
  choices,
  steps: order.length,
})

/** A shop in memory that reads the stock in one step and writes it back in another: updates get lost. */
class Shop {
  readonly #stock: Map<number, number>
  readonly #sold: PurchaseRow[]
  readonly #done: PerformedCommand<AnyCommand>[] = []

  constructor(initial: Rows) {
    const { product, purchase: sold } = initial as StockState
    this.#stock = new Map(product.map(({ id, stock }) => [id, stock]))
    this.#sold = [...sold]
  }

  *actor(actor: ActorId, commands: readonly Command[]): SimulatedActor {
    for (const command of commands) {
      const reply = yield* command.kind === 'restock' ? this.#restock(command) : this.#buy(command)
      this.#done.push({ actor, command, reply, beganAt: 0, endedAt: 0 })
    }
  }

  *#restock({ productId, quantity }: Restock): Generator<{ text: string }, Reply, void> {
    yield { text: `add ${quantity} to ${productId}` }
    const stock = this.#stock.get(productId)
    if (stock === undefined) return rejected('no such product')
    this.#stock.set(productId, stock + quantity)
    return ok()
  }

  *#buy({ userId, productId, quantity }: Purchase): Generator<{ text: string }, Reply, void> {
    yield { text: `read ${productId}` }
    const stock = this.#stock.get(productId) ?? 0
    if (stock < quantity) return rejected('not enough stock')
    yield { text: `write ${stock - quantity} to ${productId}` }
    this.#stock.set(productId, stock - quantity)
    this.#sold.push({ user_id: userId, product_id: productId, quantity })
    return ok()
  }

  /** What is wrong with the stock, by the workload's own invariant. */
  fault(initial: Rows): string | undefined {
    const final = {
      product: [...this.#stock].map(([id, stock]) => ({ id, stock })),
      purchase: this.#sold,
    }
    const conserved = purchase.invariants.find(({ name }) => name === 'stock-conserved')
    return conserved?.check({
      initial: initial as StockState,
      commands: this.#done as PerformedCommand<Command>[],
      committed: [],
      final,
    })
  }
}

const attemptSale: Try = async (plan, choose) => {
  const shop = new Shop(plan.initial)
  const actors = plan.actors.map((commands, actor) => shop.actor(actor, commands as Command[]))
  const run = simulate(actors, choose)
  return shop.fault(plan.initial) === undefined ? undefined : recordOf(run)
}

/** The first failing run of a plan, as a search would find it. */
async function firstFailure(
  plan: Plan,
  attempt: Try,
  choosers: Iterable<Chooser>,
): Promise<Failure> {
  for (const choose of choosers) {
    const record = await attempt(plan, choose)
    if (record) return { plan: { ...plan, schedule: scheduleOf(record) }, record }
  }
  throw new Error('This plan does not fail.')
}

function* allSchedules(): Generator<Chooser> {
  const search = exhaustive.search()
  for (let choose = search.next(); choose; choose = search.next()) yield choose
}

const minimiseSale = async (plan: Plan): Promise<Failure> =>
  minimise(await firstFailure(plan, attemptSale, allSchedules()), purchase, attemptSale)

describe('the faults of a plan', () => {
  /** Fails where the answer to user 2 is lost in its last command, each of which takes two steps. */
  const isLost: Try = async (plan, choose) => {
    const actor = plan.actors.findIndex((own) =>
      own.some((each) => (each as Purchase).userId === 2),
    )
    const commands = plan.actors[actor]?.length ?? 0
    const isStruck = plan.faults?.some(
      (fault) =>
        fault.kind === 'answer-lost' && fault.actor === actor && fault.step === commands * 2 - 1,
    )
    if (!isStruck) return undefined
    const run = simulate(
      plan.actors.map((own) => idle(own.length * 2)),
      choose,
    )
    return recordOf({ ...run, history: withReplies(run.history) })
  }

  /** As it would be if every second step of an actor were the last one of a command. */
  function withReplies(history: History): RunEvent[] {
    const sent = new Map<ActorId, number>()
    return history.flatMap((event): RunEvent[] => {
      if (event.kind !== 'sent') return [event]
      const { actor } = event
      const number = (sent.get(actor) ?? 0) + 1
      sent.set(actor, number)
      if (number % 2 === 1) return [event]
      return [event, { kind: 'replied', actor, command: number / 2 - 1, reply: ok() }]
    })
  }

  test('are left out unless they are needed, and follow their actor', async () => {
    const plan: Plan = {
      ...planOf(stocked(9, 9), [buy(1)], [buy(3)], [buy(2)]),
      faults: [
        { actor: 0, step: 0, kind: 'client-dies' },
        { actor: 2, step: 0, kind: 'session-killed' },
        { actor: 2, step: 1, kind: 'answer-lost' },
        { actor: 1, step: 1, kind: 'answer-lost' },
      ],
    }
    const failure = await firstFailure(plan, isLost, allSchedules())
    const small = await minimise(failure, purchase, isLost)
    expect(small.plan.actors).toEqual([[buy(2)]])
    expect(small.plan.faults).toEqual([{ actor: 0, step: 1, kind: 'answer-lost' }])
  })

  test('come earlier where a command before them is left out', async () => {
    const plan: Plan = {
      ...planOf(stocked(9, 9), [buy(1), buy(3), buy(2)]),
      faults: [{ actor: 0, step: 5, kind: 'answer-lost' }],
    }
    const failure = await firstFailure(plan, isLost, allSchedules())
    const small = await minimise(failure, purchase, isLost)
    expect(small.plan.actors).toEqual([[buy(2)]])
    expect(small.plan.faults).toEqual([{ actor: 0, step: 1, kind: 'answer-lost' }])
  })

  test('come earlier where nothing is done twice before them', async () => {
    /** Who is killed begins once more. Fails where the last answer is lost after the other's steps. */
    const isLostAtLast: Try = async (plan, choose) => {
      const killed = plan.faults?.find(({ kind }) => kind === 'session-killed')
      const steps = 3 + (killed ? killed.step + 1 : 0)
      const isStruck = plan.faults?.some(
        ({ kind, step }) => kind === 'answer-lost' && step === steps - 1,
      )
      const run = simulate([idle(steps), idle(plan.actors.length > 1 ? 2 : 0)], choose)
      return isStruck && run.order.join('').endsWith('010') ? recordOf(run) : undefined
    }
    const plan: Plan = {
      ...planOf(stocked(9), [buy(1)], [buy(2)]),
      faults: [
        { actor: 0, step: 1, kind: 'session-killed' },
        { actor: 0, step: 4, kind: 'answer-lost' },
      ],
    }
    const failure = await firstFailure(plan, isLostAtLast, allSchedules())
    const small = await minimise(failure, purchase, isLostAtLast)
    expect(small.plan.faults).toEqual([{ actor: 0, step: 2, kind: 'answer-lost' }])
    expect(small.plan.actors).toEqual([[buy(1)], [buy(2)]])
  })
})

describe('minimise', () => {
  test('leaves out actors and commands that are not needed', async () => {
    const { plan, record } = await minimiseSale(
      planOf(
        stocked(4, 9),
        [buy(3, 2)],
        [buy(1, 2), buy(1), buy(3, 7)],
        [restock(2, 7)],
        [buy(2), buy(2, 7)],
      ),
    )
    expect(plan.actors).toEqual([[buy(1)], [buy(2)]])
    expect(plan.initial).toEqual(stocked(4)) // and the row that has nothing to do with it
    expect(contextSwitches(record.history)).toBe(2)
    expect(record.steps).toBe(4)
  })

  test('does a command beforehand when it is needed only for what it leaves behind', async () => {
    const { plan } = await minimiseSale(planOf(stocked(0), [restock(2)], [buy(1)], [buy(2)]))
    expect(plan.actors).toEqual([[buy(1)], [buy(2)]])
    expect(plan.initial).toEqual(stocked(2))
  })

  test('does several commands of one actor beforehand', async () => {
    const { plan } = await minimiseSale(
      planOf(stocked(0), [restock(1), restock(2), buy(1, 1, 3)], [buy(2, 1, 2)]),
    )
    expect(plan.actors).toEqual([[buy(1, 1, 3)], [buy(2, 1, 2)]])
    expect(plan.initial).toEqual(stocked(3))
  })

  test('lowers a limit together with the number of those who exceed it', async () => {
    const exceeds: Try = async (plan, choose) => {
      const [product] = (plan.initial as StockState).product
      const actors = plan.actors.length
      return actors > 1 && actors === (product?.stock ?? 0) + 1
        ? recordOf(
            simulate(
              plan.actors.map(() => idle(1)),
              choose,
            ),
          )
        : undefined
    }
    // Had one of them been done before, there would be nothing left for the others.
    const four = planOf(stocked(3), [buy(1, 1, 3)], [buy(1, 1, 3)], [buy(1, 1, 3)], [buy(1, 1, 3)])
    const failure = await firstFailure(four, exceeds, allSchedules())
    const { plan } = await minimise(failure, purchase, exceeds)
    expect(plan.actors).toEqual([[buy(1, 1, 3)], [buy(1, 1, 3)]])
    expect(plan.initial).toEqual(stocked(1))
  })

  test('leaves a smallest plan as it is', async () => {
    const smallest = planOf(stocked(2), [buy(1)], [buy(2)])
    const { plan } = await minimiseSale(smallest)
    expect(plan.actors).toEqual(smallest.actors)
    expect(plan.initial).toEqual(smallest.initial)
  })

  test('finds a schedule with few switches, whatever it began with', async () => {
    const plan = planOf(stocked(4), [buy(1), buy(1)], [buy(2), buy(2)])
    const zigzag = planned([0, 1, 1, 1, 1, 1, 1, 1])
    const found = await firstFailure(plan, attemptSale, [zigzag])
    expect(contextSwitches(found.record.history)).toBe(7)
    const { record } = await minimise(found, purchase, attemptSale)
    expect(orderOf(record)).toEqual([0, 1, 1, 0])
  })

  test('gives back a run that fails, of the plan it gives back', async () => {
    const plans = fc.record({
      initial: purchase.arbitrary.state,
      actors: fc.array(fc.array(purchase.arbitrary.command, { minLength: 1, maxLength: 2 }), {
        minLength: 2,
        maxLength: 3,
      }),
      schedule: fc.array(fc.nat({ max: 5 }), { minLength: 6, maxLength: 12 }),
    })
    await fc.assert(
      fc.asyncProperty(plans, async ({ initial, actors, schedule }) => {
        const plan = planOf(initial, ...actors)
        const record = await attemptSale(plan, planned(schedule))
        fc.pre(record !== undefined)
        const small = await minimise({ plan, record }, purchase, attemptSale)
        const again = await attemptSale(small.plan, planned(scheduleOf(small.record)))
        expect(again).toEqual(small.record)
        // A lost update takes two: a buyer who is at it, and somebody else who writes meanwhile.
        expect(small.plan.actors.map((commands) => commands.length)).toEqual([1, 1])
        expect(contextSwitches(small.record.history)).toBe(2)
      }),
      { numRuns: 40 },
    )
  })

  test('keeps an order that needs many switches while it leaves out what is not needed', async () => {
    // Only if users 2 and 4 take turns at every step.
    const steps = 12
    const turns = Array.from({ length: steps }, () => '24').join('')
    const attempt: Try = async ({ actors }, choose) => {
      const users = actors.map(([command]) => (command as Purchase).userId)
      const run = simulate(
        actors.map(() => idle(steps)),
        choose,
      )
      const order = run.order.map((actor) => users[actor] ?? 0).filter((user) => user % 2 === 0)
      return order.join('') === turns ? recordOf(run) : undefined
    }
    const plan = planOf(stocked(9), [buy(1)], [buy(2)], [buy(3)], [buy(4)])
    const inTurn: Chooser = ({ step, enabled }) => enabled.indexOf((step - 1) % 4)
    const found = await firstFailure(plan, attempt, [inTurn])
    const { plan: small, record } = await minimise(found, purchase, attempt)
    expect(small.actors).toEqual([[buy(2)], [buy(4)]])
    expect(orderOf(record)).toEqual(Array.from({ length: steps }, () => [0, 1]).flat())
  })

  test('joins steps of an actor that is switched to and fro, where a search takes too long', async () => {
    const steps = 20
    // B's tenth step comes between A's fourth and fifth, and A's last one before B's eleventh.
    const attempt: Try = async ({ actors }, choose) => {
      const run = simulate(
        actors.map(() => idle(steps)),
        choose,
      )
      const [a, b] = [0, 1].map((actor) =>
        [...run.order.entries()].filter(([, each]) => each === actor).map(([at]) => at),
      )
      if (!a || !b) return undefined
      const fails = a[3]! < b[9]! && b[9]! < a[4]! && a[19]! < b[10]!
      return fails ? recordOf(run) : undefined
    }
    const zigzag = [1, 0, 1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 1]
    const start = [...zigzag, 1, ...Array.from({ length: steps - 4 }, () => 0)]
    const begun: Chooser = ({ step, enabled }) => Math.max(0, enabled.indexOf(start[step - 1] ?? 1))
    const plan = planOf(stocked(9), [buy(1)], [buy(2)])
    const found = await firstFailure(plan, attempt, [begun])
    expect(contextSwitches(found.record.history)).toBeGreaterThan(5)
    const { record } = await minimise(found, purchase, attempt)
    expect(contextSwitches(record.history)).toBe(3)
  })

  describe('when no actor can be left out', () => {
    const steps = [2, 2, 2]
    const plan = planOf({}, ...steps.map((_, actor) => [buy(actor)]))
    /** Nothing can be done beforehand either. */
    const frozen: AnyWorkload = { ...purchase, model: (state) => ({ state, reply: ok() }) }

    const failingIn =
      (fails: (order: readonly ActorId[]) => boolean): Try =>
      async ({ actors }, choose) => {
        if (actors.length < steps.length) return undefined
        const run = simulate(steps.map(idle), choose)
        return fails(run.order) ? recordOf(run) : undefined
      }

    test('finds the fewest switches of all failing schedules', async () => {
      const all = [...orders()]
      expect(all).toHaveLength(90)
      const someOrders = fc.subarray(all, { minLength: 1, maxLength: 12 })
      await fc.assert(
        fc.asyncProperty(someOrders, fc.nat(), async (failing, at) => {
          const attempt = failingIn((order) => failing.includes(order.join()))
          const begun = failing[at % failing.length]!
          const start = await firstFailure(plan, attempt, [following(begun)])
          expect(orderOf(start.record).join()).toBe(begun)
          const { record } = await minimise(start, frozen, attempt)
          const fewest = Math.min(...failing.map(switchesOf))
          expect(contextSwitches(record.history)).toBe(fewest)
        }),
        { numRuns: 40 },
      )
    })

    test('gives up a question after 400 runs', async () => {
      const many = [4, 4, 4]
      let runs = 0
      const attempt: Try = async ({ actors }, choose) => {
        runs += 1
        if (actors.length < 3) return undefined
        const run = simulate(many.map(idle), choose)
        return run.order.join('') === '012012012012' ? recordOf(run) : undefined
      }
      const start = await firstFailure(plan, attempt, [
        planned([0, ...Array.from({ length: 9 }, () => 1)]),
      ])
      runs = 0
      const { record } = await minimise(start, frozen, attempt)
      expect(record).toBe(start.record)
      // One question for each number of switches below 11; those about smaller plans are short.
      expect(runs).toBeLessThanOrEqual(11 * 400 + 100)
      expect(runs).toBeGreaterThan(400)
    })

    function* orders(): Generator<string> {
      for (const choose of allSchedules()) yield simulate(steps.map(idle), choose).order.join()
    }

    const switchesOf = (order: string): number =>
      order.split(',').filter((actor, index, list) => index > 0 && actor !== list[index - 1]).length

    const following =
      (order: string): Chooser =>
      ({ step, enabled }) =>
        enabled.indexOf(Number(order.split(',')[step - 1]))
  })
})

describe('contextSwitches', () => {
  const sent = (...actors: readonly ActorId[]) =>
    actors.map(
      (actor, index) =>
        ({ kind: 'sent', actor, step: index + 1, request: { kind: 'sleep', ms: 1 } }) as const,
    )

  test('counts how often another actor takes a step', () => {
    expect(contextSwitches([])).toBe(0)
    expect(contextSwitches(sent(0))).toBe(0)
    expect(contextSwitches(sent(1, 1, 1))).toBe(0)
    expect(contextSwitches(sent(0, 0, 1, 0, 2, 2))).toBe(3)
  })

  test('does not count what happens to an actor that takes no step', () => {
    const [first, second] = sent(0, 0)
    const elsewhere = { kind: 'replied', actor: 1, command: 0, reply: ok() } as const
    expect(contextSwitches([first!, elsewhere, second!])).toBe(0)
  })
})

describe('scheduleOf', () => {
  const record = (...chosen: readonly number[]): RunRecord => {
    const point = { step: 1, enabled: [0, 1, 2], requests: [] }
    return {
      ...recordOf(simulate([], () => 0)),
      choices: chosen.map((each) => ({ point, chosen: each })),
    }
  }

  test('is the choices without the zeros at their end', () => {
    expect(scheduleOf(record(0, 2, 0, 1, 0, 0))).toEqual([0, 2, 0, 1])
    expect(scheduleOf(record(1))).toEqual([1])
  })

  test('is empty for a serial run', () => {
    expect(scheduleOf(record())).toEqual([])
    expect(scheduleOf(record(0, 0))).toEqual([])
  })
})
