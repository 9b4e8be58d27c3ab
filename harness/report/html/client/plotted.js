/** @import { CellView, LoadView } from '../report-view.ts' */
import { address } from './address.js'
import { view } from './data.js'
import { isShown } from './filter.js'

/** @typedef {{ readonly cell: CellView, readonly load: LoadView }} Point */

/** Strategies that are drawn in colour at once: as many as can be told apart. */
const mostColored = 6

const measured = view.cells.filter(({ loads }) => loads.length > 0)

/** The choice of the level that each database is at by itself, and that most people use. */
export const ownLevel = 'own'

/** @param {CellView} cell */
function isAtOwnLevel(cell) {
  return view.columns.some(
    ({ platform, isolation, isOwnLevel }) =>
      isOwnLevel && platform === cell.platform && isolation === cell.isolation,
  )
}

/** @template T @param {readonly T[]} values */
const once = (values) => [...new Set(values)]

/** What there are measurements of, to choose from. */
export const plotted = {
  workloads: once(measured.map(({ workload }) => workload)),
  levels: [
    ...(measured.some(isAtOwnLevel) ? [ownLevel] : []),
    ...once(view.columns.map(({ isolation }) => isolation)).filter((level) =>
      measured.some(({ isolation }) => isolation === level),
    ),
  ],
  loads: once(measured.flatMap(({ loads }) => loads.map(nameOfLoad))),
}

/** @param {LoadView} load */
export function nameOfLoad({ contention, clients }) {
  return `${contention}-${clients}`
}

/** What is wanted of it, where there is such a thing, or else the first. @param {readonly string[]} known @param {...string} wanted */
const chosen = (known, ...wanted) => wanted.find((each) => known.includes(each)) ?? known[0] ?? ''

/** What is plotted now. The filters come first: what they leave out would be an empty plot. */
export function choices() {
  const now = address()
  return {
    workload: chosen(plotted.workloads, now.workload, now.plotWorkload),
    level: chosen(plotted.levels, now.level, now.plotLevel),
    load: chosen(plotted.loads, now.load, busiest()),
  }
}

/** Many clients on hot rows: where strategies differ most. */
const busiest = () => plotted.loads.findLast((name) => name.startsWith('hot-')) ?? ''

/** All measurements of what is plotted and left in by the filters. @returns {Point[]} */
export function points() {
  const { workload, level } = choices()
  return measured
    .filter((cell) => cell.workload === workload && isShown(cell))
    .filter((cell) => (level === ownLevel ? isAtOwnLevel(cell) : cell.isolation === level))
    .flatMap((cell) => cell.loads.map((load) => ({ cell, load })))
}

/** Strategies that are plotted, the fastest under the chosen load first. @param {readonly Point[]} all */
export function strategiesOf(all) {
  const { load } = choices()
  const best = (/** @type {string} */ strategy) =>
    Math.max(
      0,
      ...all
        .filter((each) => each.cell.strategy === strategy && nameOfLoad(each.load) === load)
        .map((each) => each.load.throughput.value),
    )
  return once(all.map(({ cell }) => cell.strategy)).toSorted((a, b) => best(b) - best(a))
}

/** Those of them that are in colour: those that were asked for, or else the fastest. @param {readonly string[]} strategies */
export function coloredOf(strategies) {
  const wanted = address().colored.split(',')
  const known = strategies.filter((name) => wanted.includes(name))
  return (known.length > 0 ? known : strategies).slice(0, mostColored)
}

/** The choice with a strategy in colour or not; the one that came first goes where there are too many. @param {readonly string[]} colored @param {string} strategy */
export const toggled = (colored, strategy) =>
  colored.includes(strategy)
    ? colored.filter((each) => each !== strategy)
    : [...colored, strategy].slice(-mostColored)
