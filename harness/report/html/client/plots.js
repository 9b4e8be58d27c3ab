/** @import { Point } from './plotted.js' */
import { go } from './address.js'
import { levelTitle, view } from './data.js'
import { choice, folded, h, table } from './dom.js'
import { curves, measures } from './curves.js'
import { looks } from './plot-style.js'
import {
  choices,
  coloredOf,
  nameOfLoad,
  ownLevel,
  plotted,
  points,
  strategiesOf,
  toggled,
} from './plotted.js'
import { hasRate, tradeoff } from './tradeoff.js'
import { count, figure, percent, range } from './words.js'

/** Narrower plots cannot be read. */
const narrowest = 340
const gap = 32

/** Throughput and tail latency against clients, and both against safety. */
export function plots() {
  if (!view.hasCost) {
    const element = h('p', { class: 'quiet' }, 'Cost was not measured.')
    return { element, update: () => {} }
  }
  const workload = choice(
    'Workload',
    plotted.workloads.map((each) => ({ value: each, text: each })),
    (value) => go({ plotWorkload: value, workload: '' }),
  )
  const level = choice(
    'Isolation',
    plotted.levels.map((each) => ({
      value: each,
      text: each === ownLevel ? 'of each database' : levelTitle(each),
    })),
    (value) => go({ plotLevel: value, level: '' }),
  )
  const load = choice(
    'Load',
    plotted.loads.map((each) => ({ value: each, text: loadTitle(each) })),
    (value) => go({ load: value }),
  )
  const drawn = h('div', {})
  const trade = h('div', {})
  const element = h(
    'div',
    {},
    h(
      'form',
      { class: 'filters', 'aria-label': 'What is plotted' },
      workload.element,
      level.element,
    ),
    drawn,
    view.hasSafety && [
      h('h3', {}, 'Safety against cost'),
      h('form', { class: 'filters', 'aria-label': 'Under which load' }, load.element),
      trade,
    ],
  )
  const update = () => {
    const now = choices()
    workload.choose(now.workload)
    level.choose(now.level)
    load.choose(now.load)
    const all = points()
    const width = element.clientWidth
    const focused = document.activeElement?.getAttribute('data-strategy')
    drawn.replaceChildren(...drawCurves(all, width))
    if (view.hasSafety) trade.replaceChildren(...drawTradeoffs(all, width))
    const again = [...drawn.querySelectorAll('button')].find(
      (button) => focused !== null && button.dataset['strategy'] === focused,
    )
    again?.focus()
  }
  return { element, update }
}

/** @param {string} name */
function loadTitle(name) {
  const [contention, clients] = name.split('-')
  return `${count(Number(clients), 'client')}, ${contention} rows`
}

const nothing = () => [h('p', { class: 'quiet' }, 'No measurement is left by the filters.')]

/** @param {readonly Point[]} all @param {number} width */
function drawCurves(all, width) {
  if (all.length === 0) return nothing()
  const strategies = strategiesOf(all)
  const colored = coloredOf(strategies)
  return [
    legend(strategies, colored),
    ...measures.map((measure) =>
      h(
        'section',
        { class: 'plots' },
        h('h3', {}, measure.title, h('small', {}, measure.unit)),
        panels(all, width, (title, ofPlatform, each) =>
          curves(measure, title, ofPlatform, all, colored, each),
        ),
      ),
    ),
    folded('The same as a table', curvesTable(all)),
  ]
}

/**
 * A plot for each database, as many side by side as there is room for.
 *
 * @param {readonly Point[]} all
 * @param {number} width
 * @param {(title: string, points: readonly Point[], width: number) => Node} draw
 */
function panels(all, width, draw) {
  const groups = [...Map.groupBy(all, ({ cell }) => cell.platformTitle)]
  const side = Math.max(1, Math.min(groups.length, Math.floor((width + gap) / (narrowest + gap))))
  const each = Math.min(640, Math.max(260, Math.floor((width - gap * (side - 1)) / side)))
  return h(
    'div',
    { class: 'panels' },
    groups.map(([title, ofPlatform]) =>
      h('figure', {}, h('figcaption', {}, title), draw(title, ofPlatform, each)),
    ),
  )
}

/** @param {readonly string[]} strategies @param {readonly string[]} colored */
const legend = (strategies, colored) =>
  h(
    'div',
    { class: 'legend', role: 'group', 'aria-label': 'Strategies in colour' },
    strategies.map((strategy) => {
      const look = looks[colored.indexOf(strategy)]
      return h(
        'button',
        {
          type: 'button',
          'aria-pressed': String(look !== undefined),
          'data-strategy': strategy,
          onclick: () => go({ colored: toggled(colored, strategy).join(',') }),
        },
        h(
          'span',
          { class: 'swatch', 'aria-hidden': 'true', '--swatch': look?.color ?? 'var(--plot-rest)' },
          look?.sign ?? '●',
        ),
        strategy,
      )
    }),
  )

/** @param {readonly Point[]} all */
const curvesTable = (all) =>
  table(
    'Throughput and tail latency, with 95 % intervals',
    ['strategy', 'database', 'rows', 'clients', 'done/s', 'interval', 'p99 ms', 'interval'],
    all.map(({ cell, load }) => [
      cell.strategy,
      cell.platformTitle,
      load.contention,
      load.clients,
      figure(load.throughput.value),
      range(load.throughput),
      load.latencyMs ? figure(load.latencyMs.p99.value) : 'none',
      load.latencyMs ? range(load.latencyMs.p99) : '',
    ]),
  )

/** @param {readonly Point[]} all @param {number} width */
function drawTradeoffs(all, width) {
  const { load } = choices()
  const ofLoad = all.filter((each) => nameOfLoad(each.load) === load)
  const known = ofLoad.filter(hasRate)
  const others = ofLoad.length - known.length
  if (known.length === 0) return nothing()
  return [
    h(
      'p',
      { class: 'quiet key' },
      h('span', { class: 'word holds' }, '●'),
      ' holds in every schedule of a scenario  ',
      h('span', { class: 'word holds' }, '○'),
      ' holds in those that were tried  ',
      h('span', { class: 'word violated' }, '✕'),
      ' violated. The thick line joins those that no other one beats in both, of all strategies of the workload.',
      others > 0 && ` ${count(others, 'more cell')} with no known violation rate cannot be drawn.`,
    ),
    panels(known, width, (title, ofPlatform, each) => tradeoff(title, ofPlatform, known, each)),
    folded('The same as a table', tradeoffTable(known)),
  ]
}

/** @param {readonly Point[]} known */
const tradeoffTable = (known) =>
  table(
    'Violation rate and throughput',
    ['strategy', 'database', 'verdict', 'violation rate', 'done/s', 'unbeaten'],
    known.map(({ cell, load }) => [
      cell.strategy,
      cell.platformTitle,
      cell.status,
      cell.rate ? percent(cell.rate.value) : 'not known',
      figure(load.throughput.value),
      load.isOnFront ? 'yes' : 'no',
    ]),
  )
