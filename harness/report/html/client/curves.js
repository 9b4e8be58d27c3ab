/** @import { FigureView } from '../report-view.ts' */
/** @import { Point } from './plotted.js' */
import { Plot } from './libraries.js'
import { looks, plotStyle } from './plot-style.js'
import { count, figure, range } from './words.js'

/**
 * @typedef {object} Measure
 * @property {string} title
 * @property {string} unit
 * @property {'linear' | 'log'} scale
 * @property {(point: Point) => FigureView | undefined} of Undefined where there is nothing to measure.
 */

/** @type {readonly Measure[]} */
export const measures = [
  {
    title: 'Throughput',
    unit: 'done per second',
    scale: 'linear',
    of: ({ load }) => load.throughput,
  },
  { title: 'Tail latency', unit: 'p99, ms', scale: 'log', of: ({ load }) => load.latencyMs?.p99 },
]

const none = { value: 0, low: 0, high: 0 }

/** Shorter than any clock here can tell: what a logarithmic axis shows for none. */
const leastMs = 0.001

/**
 * A measure against clients on one database: hot and spread rows side by side, with bootstrap intervals.
 *
 * @param {Measure} measure
 * @param {string} title
 * @param {readonly Point[]} here of this database
 * @param {readonly Point[]} everywhere of those that have the same axes
 * @param {readonly string[]} colored
 * @param {number} width
 */
export function curves(
  { title: name, unit, scale, of: measured },
  title,
  here,
  everywhere,
  colored,
  width,
) {
  const of = (/** @type {Point} */ point) => measured(point) ?? none
  const isMeasured = (/** @type {Point} */ point) => measured(point) !== undefined
  const [points, all] = [here.filter(isMeasured), everywhere.filter(isMeasured)]
  const least = scale === 'log' ? leastMs : 0
  const clients = [...new Set(all.map(({ load }) => load.clients))].toSorted((a, b) => a - b)
  const low = (/** @type {Point} */ point) => Math.max(of(point).low, least)
  const high = (/** @type {Point} */ point) => Math.max(of(point).high, least)
  const at = {
    fx: (/** @type {Point} */ { load }) => load.contention,
    x: (/** @type {Point} */ { load }) => load.clients,
  }
  const y = (/** @type {Point} */ point) => Math.max(of(point).value, least)
  const isColored = (/** @type {Point} */ { cell }) => colored.includes(cell.strategy)
  const [rest, shown] = [points.filter((each) => !isColored(each)), points.filter(isColored)]
  return Plot.plot({
    width,
    height: 230,
    marginLeft: 52,
    marginBottom: 36,
    style: plotStyle,
    ariaLabel: `${name} against clients on ${title}; the same is in the table below`,
    fx: { label: null, domain: contentions(all), tickFormat: (each) => `${each} rows` },
    x: {
      type: clients.length > 1 ? 'log' : 'point',
      ...(clients.length > 1
        ? { base: 2, domain: [clients[0], clients.at(-1)], ticks: clients }
        : {}),
      tickFormat: (each) => String(each),
      insetLeft: 8,
      insetRight: 12,
      label: 'clients',
    },
    y: {
      type: scale,
      domain: [scale === 'log' ? Math.min(...all.map(low)) : 0, Math.max(...all.map(high))],
      grid: true,
      nice: true,
      ticks: scale === 'log' ? decades(all.map(low), all.map(high)) : 5,
      tickFormat: figure,
      label: null,
    },
    color: { type: 'ordinal', domain: colored, range: looks.map(({ color }) => color) },
    symbol: { domain: colored, range: looks.map(({ symbol }) => symbol) },
    marks: [
      Plot.lineY(rest, { ...at, y, z: strategy, stroke: 'var(--plot-rest)' }),
      Plot.dot(rest, { ...at, y, r: 1.5, fill: 'var(--plot-rest)' }),
      Plot.ruleX(shown, { ...at, y1: low, y2: high, stroke: strategy, strokeOpacity: 0.5 }),
      Plot.lineY(shown, { ...at, y, z: strategy, stroke: strategy, strokeWidth: 1.75 }),
      Plot.dot(shown, { ...at, y, r: 3.5, fill: strategy, symbol: strategy }),
      Plot.tip(
        points,
        Plot.pointer({ ...at, y, fill: 'var(--page)', title: (point) => told(point, unit, of) }),
      ),
    ],
  })
}

/** @param {Point} point */
const strategy = ({ cell }) => cell.strategy

/** Powers of ten among some figures. @param {readonly number[]} lows @param {readonly number[]} highs */
function decades(lows, highs) {
  const first = Math.floor(Math.log10(Math.min(...lows)))
  const last = Math.ceil(Math.log10(Math.max(...highs)))
  return Array.from({ length: last - first + 1 }, (_, index) => 10 ** (first + index))
}

/** @param {readonly Point[]} points */
const contentions = (points) =>
  ['hot', 'spread'].filter((each) => points.some(({ load }) => load.contention === each))

/** @param {Point} point @param {string} unit @param {(point: Point) => FigureView} of */
const told = (point, unit, of) =>
  `${point.cell.strategy}\n${figure(of(point).value)} ${unit} (${range(of(point))})\n${count(point.load.clients, 'client')}, ${point.load.contention} rows`
