import type { CellNotRun, Place, Results } from '../../comparison/results.ts'
import { engineOf } from '../../comparison/places.ts'
import { isolationLevels } from '../../databases/isolation.ts'
import { platforms, platformSettings, type Platform } from '../../hermitage/platform.ts'
import { count } from '../../words.ts'
import type { AnyWorkload } from '../../workload.ts'
import { engineTitles } from '../text.ts'
import { cellView } from './cell-view.ts'
import { databaseViews, factsOf } from './facts.ts'
import { markFronts } from './front.ts'
import {
  statuses,
  type CellView,
  type Omission,
  type ReportView,
  type WorkloadView,
} from './report-view.ts'
import { levelTitle, list, platformTitles } from './words.ts'

/**
 * Turns what was measured into what the page shows. Commands are described by the workloads that are
 * given; those of others are shown as they are stored.
 */
export function viewOf(results: Results, workloads: readonly AnyWorkload[]): ReportView {
  const columns = columnsOf(results)
  const rows = workloadsOf(results)
  const cells = markFronts(cellsOf(results, rows, columns, workloads))
  return {
    title: titleOf(rows, columns),
    facts: factsOf(results),
    databases: databaseViews(results),
    hasSafety: results.cells.some(({ safety }) => safety),
    hasCost: results.cells.some(({ cost }) => cost),
    totals: totalsOf(cells),
    omissions: omissionsOf(results.notRun),
    columns: columns.map(({ platform, isolation }) => ({
      platform,
      platformTitle: platformTitles[platform],
      isolation,
      isOwnLevel: engineOf(platform).defaultIsolation === isolation,
    })),
    workloads: rows,
    cells,
  }
}

type Column = Pick<Place, 'platform' | 'isolation'>

/** Wherever anything was measured or meant to be. */
function columnsOf({ cells, notRun }: Results): Column[] {
  const places: readonly Place[] = [...cells, ...notRun]
  const known = new Set(places.map(columnKey))
  return platforms
    .flatMap((platform) => isolationLevels.map((isolation) => ({ platform, isolation })))
    .filter((column) => known.has(columnKey(column)))
}

/** Strategies with a cell, as they are described, in the order in which they are. */
function workloadsOf({ strategies, cells, notRun }: Results): WorkloadView[] {
  const described = new Map(strategies.map((each) => [rowKey(each.workload, each.name), each]))
  const placed = new Map(
    [...cells, ...notRun].map(({ workload, strategy }) => {
      const otherwise = { workload, name: strategy, summary: '' }
      const key = rowKey(workload, strategy)
      return [key, described.get(key) ?? otherwise]
    }),
  )
  const inOrder = [...described.keys(), ...placed.keys()].flatMap((key) => placed.get(key) ?? [])
  const byWorkload = Map.groupBy(new Set(inOrder), ({ workload }) => workload)
  return [...byWorkload.entries()].map(([name, rows]) => ({
    name,
    strategies: rows.map(({ name: strategy, summary }) => ({ name: strategy, summary })),
  }))
}

function cellsOf(
  { cells, notRun }: Results,
  rows: readonly WorkloadView[],
  columns: readonly Column[],
  workloads: readonly AnyWorkload[],
): CellView[] {
  const cellAt = new Map(cells.map((cell) => [placeKey(cell), cell]))
  const notRunAt = Map.groupBy(notRun, placeKey)
  return rows.flatMap(({ name: workload, strategies }) =>
    strategies.flatMap(({ name: strategy }) =>
      columns.map((column) => {
        const place: Place = { workload, strategy, ...column }
        return cellView({
          place,
          cell: cellAt.get(placeKey(place)),
          notRun: notRunAt.get(placeKey(place)) ?? [],
          workload: workloads.find(({ name }) => name === workload),
        })
      }),
    ),
  )
}

function titleOf(rows: readonly WorkloadView[], columns: readonly Column[]): string {
  const strategies = rows.flatMap((row) => row.strategies)
  if (strategies.length === 0 || columns.length === 0) return 'Nothing was compared'
  const engines = new Set(columns.map(({ platform }) => engineTitle(platform)))
  return `${count(strategies.length, 'strategy', 'strategies')} on ${list([...engines])}`
}

const engineTitle = (platform: Platform): string => engineTitles[platformSettings[platform].engine]

const totalsOf = (cells: readonly CellView[]): ReportView['totals'] =>
  statuses
    .map((status) => ({ status, cells: cells.filter((cell) => cell.status === status).length }))
    .filter(({ cells: number }) => number > 0)

const partTitles = {
  safety: 'safety',
  cost: 'cost',
  both: 'safety and cost',
} as const satisfies Record<CellNotRun['part'], string>

function omissionsOf(notRun: readonly CellNotRun[]): Omission[] {
  const groups = Map.groupBy(notRun, ({ part, reason }) => JSON.stringify([part, reason]))
  return [...groups.values()].flatMap((places) => {
    const [first] = places
    if (!first) return []
    return { reason: first.reason, part: partTitles[first.part], places: places.map(placeTitle) }
  })
}

const placeTitle = ({ workload, strategy, platform, isolation }: Place): string =>
  `${workload}/${strategy} on ${platformTitles[platform]}, ${levelTitle(isolation)}`

const rowKey = (workload: string, strategy: string): string => JSON.stringify([workload, strategy])
const columnKey = ({ platform, isolation }: Column): string => `${platform}/${isolation}`
const placeKey = (place: Place): string =>
  JSON.stringify([place.workload, place.strategy, place.platform, place.isolation])
