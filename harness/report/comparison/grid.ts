import { isolationLevels, type IsolationLevel } from '../../databases/isolation.ts'
import { platforms, type Platform } from '../../hermitage/platform.ts'
import { outcomeOf, type Outcome } from '../../comparison/outcome.ts'
import { placeName, type Cell, type Results } from '../../comparison/results.ts'

/** Why a place of the grid has no verdict: it was left out, or nobody asked for it. */
export type Standing = Outcome | 'not run' | 'not asked'

/** Strategies against platforms and levels. */
export interface Grid {
  readonly columns: readonly {
    readonly platform: Platform
    readonly levels: readonly IsolationLevel[]
  }[]
  readonly workloads: readonly {
    readonly name: string
    readonly rows: readonly {
      readonly strategy: string
      readonly cells: ReadonlyMap<string, { readonly standing: Standing; readonly cell?: Cell }>
    }[]
  }[]
}

export const columnName = (platform: Platform, level: IsolationLevel): string =>
  `${platform}, ${level}`

/** All that was compared, and what was not run of it, in its order. */
export function gridOf({ cells, notRun, strategies }: Results): Grid {
  const places = [...cells, ...notRun]
  const found = new Map(cells.map((cell) => [placeName(cell), cell]))
  const missing = new Set(notRun.map(placeName))
  const columns = platforms.flatMap((platform) => {
    const here = places.filter((place) => place.platform === platform)
    const levels = isolationLevels.filter((level) =>
      here.some(({ isolation }) => isolation === level),
    )
    return levels.length === 0 ? [] : [{ platform, levels }]
  })
  const workloads = [...Map.groupBy(strategies, ({ workload }) => workload)].map(
    ([name, members]) => ({
      name,
      rows: members
        .filter((each) =>
          places.some((place) => place.workload === name && place.strategy === each.name),
        )
        .map(({ name: strategy }) => ({
          strategy,
          cells: new Map(
            columns.flatMap(({ platform, levels }) =>
              levels.map((isolation) => {
                const place = placeName({ workload: name, strategy, platform, isolation })
                const cell = found.get(place)
                const standing =
                  (cell && outcomeOf(cell)) ?? (missing.has(place) ? 'not run' : 'not asked')
                return [
                  columnName(platform, isolation),
                  { standing, ...(cell && { cell }) },
                ] as const
              }),
            ),
          ),
        })),
    }),
  )
  return { columns, workloads: workloads.filter(({ rows }) => rows.length > 0) }
}

/** How many cells there are of each kind. */
export function countStandings({
  cells,
  notRun,
}: Results): Readonly<Record<Outcome | 'not run', number>> {
  const counts = { holds: 0, violated: 0, inconclusive: 0, 'not run': 0 }
  for (const cell of cells) {
    const outcome = outcomeOf(cell)
    if (outcome) counts[outcome] += 1
  }
  counts['not run'] = notRun.filter(({ part }) => part !== 'cost').length
  return counts
}

/** Reasons for which something was not run, with how often each holds, the most frequent first. */
export function reasonsNotRun({ notRun }: Results): readonly {
  readonly part: string
  readonly reason: string
  readonly places: readonly string[]
}[] {
  const groups = Map.groupBy(notRun, ({ part, reason }) => `${part} ${reason}`)
  return [...groups.values()]
    .map((group) => ({
      part: group[0]?.part === 'both' ? 'safety and cost' : (group[0]?.part ?? ''),
      reason: group[0]?.reason ?? '',
      places: group.map(placeName),
    }))
    .toSorted((a, b) => b.places.length - a.places.length)
}
