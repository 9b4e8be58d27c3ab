/** @import { Point } from './plotted.js' */
import { Plot } from './libraries.js'
import { plotStyle } from './plot-style.js'
import { figure, interval, percent, range } from './words.js'

/** Whether it is known how safe it is. @param {Point} point */
export const hasRate = ({ cell }) =>
  cell.status === 'holds' || (cell.status === 'violated' && cell.rate !== undefined)

/** @param {Point} point */
const rateOf = ({ cell }) => (cell.status === 'holds' ? 0 : (cell.rate?.value ?? 0))

/** @param {Point} point */
const low = ({ cell }) => (cell.status === 'holds' ? 0 : (cell.rate?.low ?? 0))

/** @param {Point} point */
const high = ({ cell }) => (cell.status === 'holds' ? 0 : (cell.rate?.high ?? 0))

/** @param {Point} point */
const throughput = ({ load }) => load.throughput.value

/**
 * Safety against cost on one database under one load: further right is faster, further down is safer, and
 * the line joins those that no other one beats in both.
 *
 * @param {string} title
 * @param {readonly Point[]} points of this database
 * @param {readonly Point[]} all of those that have the same axes
 * @param {number} width
 */
export function tradeoff(title, points, all, width) {
  const best = points
    .filter(({ load }) => load.isOnFront)
    .toSorted((a, b) => throughput(a) - throughput(b))
  const [first] = best
  const widest = Math.max(...all.map(({ load }) => load.throughput.high))
  const ends = best.map((point) => ({ x: throughput(point), y: rateOf(point) }))
  const at = { x: throughput, y: rateOf }
  const isLeft = (/** @type {Point} */ point) => throughput(point) < widest / 2
  const label = {
    ...at,
    text: (/** @type {Point} */ { cell }) => cell.strategy,
    dy: -12,
    fill: 'currentColor',
    stroke: 'var(--page)',
    strokeWidth: 4,
    fontWeight: 600,
  }
  return Plot.plot({
    width,
    height: 260,
    marginLeft: 52,
    marginTop: 28,
    marginBottom: 36,
    style: plotStyle,
    ariaLabel: `Violation rate against throughput on ${title}; the same is in the table below`,
    x: {
      domain: [0, widest],
      nice: true,
      ticks: 5,
      tickFormat: figure,
      label: 'done per second',
      grid: true,
    },
    y: {
      domain: [0, Math.max(0.05, ...all.map(high))],
      nice: true,
      ticks: 5,
      insetBottom: 8,
      tickFormat: percent,
      label: 'violation rate',
      grid: true,
    },
    marks: [
      Plot.line(first ? [{ x: 0, y: rateOf(first) }, ...ends] : [], {
        x: 'x',
        y: 'y',
        curve: 'step-before',
        stroke: 'currentColor',
        strokeOpacity: 0.35,
        strokeWidth: 5,
      }),
      Plot.ruleX(points, {
        x: throughput,
        y1: low,
        y2: high,
        stroke: 'var(--violated-ink)',
        strokeOpacity: 0.4,
      }),
      Plot.ruleY(points, {
        y: rateOf,
        x1: ({ load }) => load.throughput.low,
        x2: ({ load }) => load.throughput.high,
        stroke: 'currentColor',
        strokeOpacity: 0.4,
      }),
      Plot.dot(
        points.filter(({ cell }) => cell.status === 'holds'),
        {
          ...at,
          r: 5,
          stroke: 'var(--holds-ink)',
          strokeWidth: 1.75,
          fill: ({ cell }) => (cell.isExhausted ? 'var(--holds-ink)' : 'var(--page)'),
        },
      ),
      Plot.dot(
        points.filter(({ cell }) => cell.status === 'violated'),
        {
          ...at,
          r: 5,
          symbol: 'times',
          stroke: 'var(--violated-ink)',
          strokeWidth: 2,
        },
      ),
      Plot.text(best.filter(isLeft), { ...label, textAnchor: 'start' }),
      Plot.text(
        best.filter((point) => !isLeft(point)),
        { ...label, textAnchor: 'end' },
      ),
      Plot.tip(points, Plot.pointer({ ...at, fill: 'var(--page)', title: told })),
    ],
  })
}

/** @param {Point} point */
const told = ({ cell, load }) =>
  [
    `${cell.strategy}: ${cell.status}`,
    ...(cell.rate && cell.status === 'violated'
      ? [`violation rate ${percent(cell.rate.value)} (${interval(cell.rate)})`]
      : []),
    `${figure(load.throughput.value)} done per second (${range(load.throughput)})`,
  ].join('\n')
