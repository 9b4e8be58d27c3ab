/** @import { CellView, LoadView, RateView, SearchView } from '../report-view.ts' */
import { address, go, onAddress } from './address.js'
import { counterexample } from './counterexample.js'
import { cellById, levelTitle, summaryOf } from './data.js'
import { facts, h, table } from './dom.js'
import { buttonOf } from './matrix.js'
import { classOf, figure, interval, percent, range, signs } from './words.js'

/** Everything about one cell, over the page; the address says which one. */
export function cellDialog() {
  /** @type {HTMLDialogElement} */
  const dialog = h('dialog', {
    class: 'cell-dialog',
    'aria-labelledby': 'cell-title',
    onclose: () => go({ cell: '' }),
    // What is beside its content is the dark around it.
    onclick: (event) => event.target === dialog && dialog.close(),
  })
  const update = () => {
    const { cell: id } = address()
    if (id === '') return dialog.close()
    const cell = cellById(id)
    dialog.replaceChildren(
      cell ? contentOf(cell, () => dialog.close()) : unknown(() => dialog.close()),
    )
    if (!dialog.open) dialog.showModal()
    dialog.scrollTop = 0
  }
  onAddress((now, before) => {
    if (now.cell === before.cell) return
    update()
    // The matrix may have been drawn anew since it was opened.
    const button = now.cell === '' ? buttonOf(before.cell) : undefined
    if (button instanceof HTMLElement) button.focus()
  })
  return { element: dialog, update }
}

/** @param {() => void} close */
const closeButton = (close) =>
  h('button', { type: 'button', class: 'close', 'aria-label': 'Close', onclick: close }, '✕')

/** @param {() => void} close */
const unknown = (close) =>
  h(
    'article',
    {},
    closeButton(close),
    h('h2', { id: 'cell-title' }, 'There is no such cell'),
    h('p', {}, 'The address names a cell that this comparison does not have.'),
  )

/** @param {CellView} cell @param {() => void} close */
function contentOf(cell, close) {
  const found = cell.searches.flatMap(({ counterexample: each }) => each ?? [])
  return h(
    'article',
    {},
    closeButton(close),
    h('p', { class: 'place' }, `${cell.platformTitle}, ${levelTitle(cell.isolation)}`),
    h('h2', { id: 'cell-title' }, `${cell.workload}/${cell.strategy}`),
    h('p', { class: 'summary' }, summaryOf(cell)),
    h(
      'p',
      { class: `total ${classOf(cell.status)}` },
      h('span', { 'aria-hidden': 'true' }, signs[cell.status]),
      h('b', {}, cell.status),
    ),
    cell.remarks.map((remark) => h('p', {}, remark)),
    keyFigures(cell),
    found.map(counterexample),
    searches(cell.searches),
    cost(cell.loads),
  )
}

/** @param {CellView} cell */
function keyFigures({ rate, first, naive }) {
  const shown = [
    ...(rate ? [{ name: 'Violation rate', value: share(rate) }] : []),
    ...(first
      ? [
          {
            name: 'First violation, median',
            value: [h('b', {}, `schedule ${first.text}`), small(first.basis)],
          },
        ]
      : []),
    ...(naive ? [{ name: 'Naive concurrency', value: share(naive) }] : []),
  ]
  return shown.length > 0 && facts(shown, 'key-figures')
}

/** @param {string} text */
const small = (text) => h('small', {}, text)

/** @param {RateView} rate */
const share = (rate) => [
  h('b', {}, percent(rate.value)),
  h('span', {}, ` ${interval(rate)}, with 95 % confidence`),
  h(
    'span',
    {
      class: 'bar',
      'aria-hidden': 'true',
      '--low': rate.low,
      '--high': rate.high,
      '--value': rate.value,
    },
    h('span', { class: 'bar-range' }),
    h('span', { class: 'bar-value' }),
  ),
  small(rate.basis),
]

/** @param {readonly SearchView[]} all */
function searches(all) {
  if (all.length === 0) return null
  return h(
    'section',
    {},
    h('h3', {}, 'Searches'),
    all.map(({ verdict, extent, grains, invariants, replies }) =>
      h(
        'section',
        { class: 'search' },
        h(
          'p',
          {},
          h('b', { class: `word ${verdict}` }, `${signs[verdict]} ${verdict}`),
          ` ${extent}`,
        ),
        facts([...grains, { name: 'replies', value: replies }], 'facts small'),
        table(
          'Invariants',
          ['invariant', 'outcome', 'standing'],
          invariants.map(({ name, outcome, isBroken, standing }) => [
            h('code', {}, name),
            h('span', { class: isBroken ? 'word violated' : 'word' }, outcome),
            standing,
          ]),
        ),
      ),
    ),
  )
}

/** @param {readonly LoadView[]} loads */
function cost(loads) {
  if (loads.length === 0) return null
  const broken = loads.filter((load) => load.broken.length > 0)
  return h(
    'section',
    {},
    h('h3', {}, 'Cost'),
    table(
      'Means over the repetitions; under the throughput, its 95 % interval',
      [
        'rows',
        'clients',
        'done/s',
        'p50 ms',
        'p95 ms',
        'p99 ms',
        'aborts/done',
        'retries/done',
        'lock wait ms/done',
      ],
      loads.map((load) => [
        load.contention,
        load.clients,
        [figure(load.throughput.value), small(range(load.throughput))],
        optional(load.latencyMs?.p50.value),
        optional(load.latencyMs?.p95.value),
        optional(load.latencyMs?.p99.value),
        optional(load.abortsPerOk),
        optional(load.retriesPerOk),
        optional(load.lockWaitMsPerOk),
      ]),
    ),
    broken.map(({ clients, contention, broken: names }) =>
      h(
        'p',
        { class: 'word violated' },
        `After ${clients} clients on ${contention} rows, these did not hold: ${names.join(', ')}.`,
      ),
    ),
  )
}

/** @param {number | undefined} number */
const optional = (number) => (number === undefined ? 'not known' : figure(number))
