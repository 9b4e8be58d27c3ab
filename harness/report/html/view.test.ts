import { describe, expect, test } from 'vitest'
import type { Cell, Results } from '../../comparison/results.ts'
import { workloads } from '../../workloads/index.ts'
import { cellOf, measured, withCells } from './fixtures/results.ts'
import type { CellView, ReportView } from './report-view.ts'
import { viewOf } from './view.ts'

const view = (results: Results): ReportView => viewOf(results, workloads)
const unsafe = 'purchase/read-modify-write/postgres/read-committed'
const safe = 'purchase/conditional-update/postgres/read-committed'

/** What the page shows of one cell, after a change. */
function shown(id: string, change: (cell: Cell) => void = () => undefined): CellView {
  const results = measured()
  const cell = cellOf(results, id)
  change(cell)
  return view(withCells(results, [cell])).cells[0]!
}

describe('a cell', () => {
  test('that is violated shows how often, how soon, and how it compares with plain concurrency', () => {
    expect(shown(unsafe)).toMatchObject({
      status: 'violated',
      detail: '35 %, at 2',
      rate: { value: 0.35, basis: '21 of 60 schedules drawn by random, from 3 seeds' },
      first: { text: '2' },
      naive: { basis: expect.stringMatching(/^\d+ of 20 runs/) },
    })
  })

  test('that holds says whether these were all schedules', () => {
    expect(shown(safe)).toMatchObject({ status: 'holds', detail: 'all, in 14', isExhausted: true })
    expect(shown(safe).searches[0]?.extent).toMatch(/^14 schedules that stand for all of scenario /)
    const tried = shown(safe, ({ safety }) => {
      for (const search of safety!.searches) search.exhausted = false
    })
    expect(tried).toMatchObject({ status: 'holds', isExhausted: false })
    const chosen = shown(safe, ({ safety }) => {
      safety!.searches[0]!.grains[0]!.chosenByDatabase = 3
    })
    expect(chosen.searches[0]?.grains[0]?.value).toMatch(
      / schedules; in 3 the database chose who came first$/,
    )
    expect(tried.detail).toMatch(/^\d+ tried$/)
  })

  test('that no search broke is violated all the same where anything else did', () => {
    const drawn = shown(safe, ({ safety }) => {
      Object.assign(safety!.rate!.series[0]!, { violations: 2, first: 7 })
    })
    expect(drawn.status).toBe('violated')
    expect(drawn.remarks.join(' ')).toContain('2 drawn schedules broke a claim.')
    const naive = shown(safe, ({ safety }) => {
      safety!.naive!.violations = 1
    })
    expect(naive).toMatchObject({ status: 'violated', detail: 'unscheduled' })
    const loaded = shown(safe, ({ cost }) => {
      cost!.loads[0]!.violations = [{ invariant: 'stock-conserved', message: 'One is missing.' }]
    })
    expect(loaded).toMatchObject({ status: 'violated', detail: 'under load' })
    expect(loaded.remarks.join(' ')).toContain('stock-conserved did not hold: One is missing.')
  })

  test('has no more of a message than can be read', () => {
    const { remarks } = shown(safe, ({ cost }) => {
      cost!.loads[0]!.violations = [{ invariant: 'stock-conserved', message: 'row '.repeat(9_000) }]
    })
    expect(remarks.join(' ').length).toBeLessThan(500)
    expect(remarks.join(' ')).toMatch(/row …/)
  })

  test('that a search alone has broken says after how many schedules', () => {
    const { detail, status, rate } = shown(unsafe, ({ safety }) => {
      for (const series of safety!.rate!.series)
        Object.assign(series, { violations: 0, first: null })
      safety!.searches[0]!.schedules = 12
    })
    expect({ detail, status, rate: rate?.value }).toEqual({
      detail: 'found at 12',
      status: 'violated',
      rate: 0,
    })
  })

  test('that could not be judged is inconclusive, with the reason', () => {
    const cell = shown(safe, ({ safety }) => {
      Object.assign(safety!.searches[0]!, {
        verdict: 'inconclusive',
        reason: 'The server is gone.',
      })
    })
    expect(cell).toMatchObject({ status: 'inconclusive', remarks: ['The server is gone.'] })
  })

  test('whose schedules could not all be judged says so', () => {
    const cell = shown(safe, ({ safety }) => {
      safety!.rate!.series[0]!.notJudged = 3
      safety!.naive!.notJudged = 1
    })
    expect(cell.remarks).toEqual([
      '3 drawn schedules could not be judged.',
      '1 run with no scheduler could not be judged.',
    ])
    expect(cell.naive?.basis).toContain('of 19 runs')
    expect(cell.rate?.basis).toContain('of 57 schedules')
  })

  test('of which only the cost was measured is not judged', () => {
    const cell = shown(safe, (each) => {
      delete each.safety
    })
    expect(cell).toMatchObject({ status: 'not judged', detail: 'cost only' })
  })

  test('says which of its loads could not be judged', () => {
    const cell = shown(safe, ({ cost }) => {
      const failure = { clients: 64, contention: 'hot', repetition: 0 } as const
      cost!.failures.push(
        { ...failure, reason: 'It did not end.' },
        { ...failure, repetition: 1, reason: 'It did not end.' },
      )
    })
    expect(cell.remarks).toEqual(['2 load runs could not be judged. It did not end.'])
  })

  test('has the means of its loads with their intervals, and per command what they took', () => {
    const { loads } = shown(safe, ({ cost }) => {
      const [one] = cost!.loads
      const kind = { clients: 8, contention: 'hot' } as const
      const replies = { ok: 10, rejected: 0, aborted: {}, unknown: 0 }
      const load = { ...one!, ...kind, replies, aborts: 5, retries: 0, lockWaitMs: 20 }
      cost!.loads = [
        { ...load, commandsPerSecond: 100 },
        { ...load, commandsPerSecond: 200, repetition: 1 },
      ]
    })
    expect(loads).toMatchObject([
      {
        contention: 'hot',
        clients: 8,
        repetitions: 2,
        throughput: { value: 150, low: 100, high: 200 },
        abortsPerOk: 0.5,
        retriesPerOk: 0,
        lockWaitMsPerOk: 2,
        isOnFront: true,
      },
    ])
  })

  test('has no latency where no command was done, rather than none', () => {
    const { loads } = shown(safe, ({ cost }) => {
      for (const load of cost!.loads) {
        delete load.latencyMs
        load.replies.ok = 0
      }
    })
    for (const load of loads) {
      expect(load.latencyMs).toBeUndefined()
      expect(load.abortsPerOk).toBeUndefined()
    }
  })
})

describe('cells that were not measured', () => {
  const place = { ...placeOf(safe), isolation: 'serializable' } as const

  test('are told from those that a strategy is not made for, and from those nobody asked for', () => {
    const results = measured()
    const reason = 'The time was up.'
    const { cells, omissions } = view({
      ...withCells(results, [cellOf(results, unsafe), cellOf(results, safe)]),
      notRun: [
        { ...place, part: 'both', reason },
        {
          ...place,
          isolation: 'repeatable-read',
          part: 'both',
          reason: 'It is written for mysql only.',
          unsupported: true,
        },
      ],
    })
    const statuses = cells.map(
      ({ strategy, isolation, status }) => `${strategy} ${isolation} ${status}`,
    )
    expect(statuses).toEqual([
      'read-modify-write read-committed violated',
      'read-modify-write repeatable-read not asked',
      'read-modify-write serializable not asked',
      'conditional-update read-committed holds',
      'conditional-update repeatable-read not supported',
      'conditional-update serializable not run',
    ])
    expect(omissions).toEqual([
      {
        reason,
        part: 'safety and cost',
        places: ['purchase/conditional-update on PostgreSQL, serializable'],
      },
      expect.objectContaining({ reason: 'It is written for mysql only.' }),
    ])
  })

  test('are counted by reason', () => {
    const results = measured()
    const { omissions } = view(results)
    expect(omissions.flatMap(({ places }) => places)).toHaveLength(results.notRun.length)
  })
})

describe('a counterexample', () => {
  const found = (change: (cell: Cell) => void = () => undefined) =>
    shown(unsafe, change).searches[0]!.counterexample!

  test('is replayed with the command that it was printed with', () => {
    const { replay, token, text } = found()
    expect(text).toContain(`\n${replay}`)
    expect(replay).toMatch(new RegExp(`^\\S.* replay ${token.replaceAll('.', '\\.')}$`))
  })

  test('describes commands as its workload does, and those of others as they are stored', () => {
    const first = (of: ReturnType<typeof found>): unknown => of.chart?.items[0]
    expect(first(found())).toMatchObject({ text: expect.stringMatching(/^purchase\(user \d/) })
    const results = measured()
    const { cells } = viewOf(withCells(results, [cellOf(results, unsafe)]), [])
    expect(first(cells[0]!.searches[0]!.counterexample!)).toMatchObject({
      text: expect.stringMatching(/^purchase\(userId \d+, productId/),
    })
  })

  test('marks the rows that were not there before', () => {
    const { after } = found(({ safety }) => {
      const { counterexample } = safety!.searches[0]!
      counterexample!.plan.initial = { product: [{ id: 1 }, { id: 1 }, { id: 2 }] }
      counterexample!.final = {
        product: [{ id: 1 }, { id: 1 }, { id: 1 }, { id: 3 }],
        purchase: [],
      }
    })
    expect(after).toEqual([
      {
        name: 'product',
        columns: ['id'],
        rows: [['1'], ['1'], ['1'], ['3']],
        isNew: [false, false, true, true],
      },
      { name: 'purchase', columns: [], rows: [], isNew: [] },
    ])
  })

  test('is not drawn where its history is not to be read, and its text is still there', () => {
    const odd = found(({ safety }) => {
      safety!.searches[0]!.counterexample!.history.push({ actor: 0, kind: 'transmogrified' })
    })
    expect(odd.chart).toBeUndefined()
    expect(odd.text).not.toBe('')
    const stranger = found(({ safety }) => {
      safety!.searches[0]!.counterexample!.history.push({ actor: 9, kind: 'unblocked', step: 1 })
    })
    expect(stranger.chart).toBeUndefined()
  })
})

test('an empty comparison has no rows, and says so', () => {
  expect(view(withCells(measured(), []))).toMatchObject({
    title: 'Nothing was compared',
    columns: [],
    workloads: [],
    cells: [],
  })
})

test('one that was not finished says so', () => {
  const { finishedAt: _, ...results } = measured()
  expect(view(results).facts[0]?.value).toContain('not finished')
})

function placeOf(id: string): Pick<Cell, 'workload' | 'strategy' | 'platform' | 'isolation'> {
  const { workload, strategy, platform, isolation } = cellOf(measured(), id)
  return { workload, strategy, platform, isolation }
}
