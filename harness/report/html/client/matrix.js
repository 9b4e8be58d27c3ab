/** @import { CellView, ColumnView, WorkloadView } from '../report-view.ts' */
import { go } from './address.js'
import { levelTitle, placeOf, view } from './data.js'
import { h, unseen } from './dom.js'
import { isShown } from './filter.js'
import { classOf, percent, signs } from './words.js'

/** @param {string} workload @param {string} strategy @param {ColumnView} column */
const idOf = (workload, strategy, { platform, isolation }) =>
  [workload, strategy, platform, isolation].join('/')

/** Strategies by database and isolation level, in one table: what is filtered out is left out of it. */
export function matrix() {
  /** @type {HTMLElement} */
  const box = h('div', {
    class: 'scrolls matrix-box',
    role: 'region',
    'aria-label': 'Matrix',
    onkeydown: (event) => event instanceof KeyboardEvent && move(box, event),
    onfocusin: (event) => event.target instanceof HTMLButtonElement && take(box, event.target),
  })
  const update = () => {
    const cells = new Map(view.cells.filter(isShown).map((cell) => [cell.id, cell]))
    box.replaceChildren(cells.size === 0 ? h('p', {}, emptyText()) : tableOf(cells))
    const [first] = buttonsIn(box)
    if (first) first.tabIndex = 0
  }
  return { element: box, update }
}

const emptyText = () =>
  view.cells.length === 0 ? 'There are no cells.' : 'No cell is left by the filters.'

/** @param {ReadonlyMap<string, CellView>} cells */
function tableOf(cells) {
  const shown = [...cells.values()]
  const columns = view.columns.filter(({ platform, isolation }) =>
    shown.some((cell) => cell.platform === platform && cell.isolation === isolation),
  )
  return h(
    'table',
    { class: 'matrix', '--columns': columns.length },
    h(
      'caption',
      { class: 'unseen' },
      'Strategies by database and isolation level. Arrow keys go from cell to cell, Enter opens one.',
    ),
    headOf(columns),
    view.workloads.map((workload) => bodyOf(workload, columns, cells)),
  )
}

/** @param {readonly ColumnView[]} columns */
function headOf(columns) {
  const platforms = Map.groupBy(columns, ({ platformTitle }) => platformTitle)
  return h(
    'thead',
    {},
    h(
      'tr',
      {},
      h('td', { rowspan: 2 }),
      [...platforms].map(([title, { length }]) =>
        h('th', { scope: 'colgroup', colspan: length, class: 'platform' }, h('span', {}, title)),
      ),
    ),
    h(
      'tr',
      {},
      columns.map(({ isolation }, index) =>
        h('th', { scope: 'col', class: beginsPlatform(columns, index) }, levelTitle(isolation)),
      ),
    ),
  )
}

/** @param {readonly ColumnView[]} columns @param {number} index */
const beginsPlatform = (columns, index) =>
  columns[index]?.platform === columns[index - 1]?.platform ? undefined : 'begins'

/**
 * @param {WorkloadView} workload
 * @param {readonly ColumnView[]} columns
 * @param {ReadonlyMap<string, CellView>} cells
 */
function bodyOf({ name, strategies }, columns, cells) {
  const rows = strategies.flatMap((strategy) => {
    const ofRow = columns.map((column) => cells.get(idOf(name, strategy.name, column)))
    if (ofRow.every((cell) => cell === undefined)) return []
    return h(
      'tr',
      {},
      h('th', { scope: 'row', title: strategy.summary }, strategy.name),
      ofRow.map((cell, index) =>
        h('td', { class: beginsPlatform(columns, index) }, cell && contentOf(cell)),
      ),
    )
  })
  if (rows.length === 0) return null
  return h(
    'tbody',
    {},
    h(
      'tr',
      {},
      h(
        'th',
        { scope: 'rowgroup', colspan: columns.length + 1, class: 'workload' },
        h('span', {}, name),
      ),
    ),
    rows,
  )
}

/** @param {CellView} cell */
function contentOf(cell) {
  const { status, detail } = cell
  const sign = h('span', { class: 'sign', 'aria-hidden': 'true' }, signs[status])
  if (status === 'not asked') {
    return h('span', { class: 'cell not-asked' }, sign, unseen('not asked for'))
  }
  return h(
    'button',
    {
      type: 'button',
      class: `cell ${classOf(status)}`,
      tabindex: -1,
      'data-id': cell.id,
      'data-heat': heatOf(cell),
      title: `${placeOf(cell)}: ${status}${cell.rate ? `, violation rate ${percent(cell.rate.value)}` : ''}`,
      onclick: () => go({ cell: cell.id }),
    },
    h('span', { class: 'status' }, sign, ' ', status),
    ' ',
    detail !== '' && h('span', { class: 'detail' }, detail),
  )
}

/**
 * How strong the colour is: of a violation, how often it comes; of what holds, whether that were all
 * schedules.
 *
 * @param {CellView} cell
 */
function heatOf({ status, rate, isExhausted }) {
  if (status === 'holds') return isExhausted ? 2 : 1
  const share = rate?.value ?? 0
  if (status !== 'violated') return undefined
  return share < 0.05 ? 1 : share < 0.2 ? 2 : share < 0.5 ? 3 : 4
}

/** @param {Element} box */
const buttonsIn = (box) => [...box.querySelectorAll('button')]

/** Of all cells, Tab stops at the one that was used last. @param {Element} box @param {HTMLButtonElement} button */
function take(box, button) {
  for (const each of buttonsIn(box)) each.tabIndex = each === button ? 0 : -1
}

/** @param {Element} box @param {KeyboardEvent} event */
function move(box, event) {
  const at = document.activeElement
  if (!(at instanceof HTMLButtonElement) || event.altKey || event.metaKey) return
  const target = targetOf(box, at, event)
  if (!target) return
  event.preventDefault()
  target.focus()
}

/**
 * @param {Element} box
 * @param {HTMLButtonElement} at
 * @param {KeyboardEvent} event
 */
function targetOf(box, at, { key, ctrlKey }) {
  const row = at.closest('tr')
  if (!row) return undefined
  const column = at.closest('td')?.cellIndex ?? 0
  const rows = [...box.querySelectorAll('tbody tr')].filter((each) => each.querySelector('button'))
  const place = rows.indexOf(row)
  const ofRow = [...row.querySelectorAll('button')]
  const next = ofRow.indexOf(at)
  switch (key) {
    case 'ArrowRight':
      return ofRow[next + 1]
    case 'ArrowLeft':
      return ofRow[next - 1]
    case 'ArrowDown':
      return inColumn(rows.slice(place + 1), column)
    case 'ArrowUp':
      return inColumn(rows.slice(0, place).toReversed(), column)
    case 'Home':
      return ctrlKey ? buttonsIn(box)[0] : ofRow[0]
    case 'End':
      return ctrlKey ? buttonsIn(box).at(-1) : ofRow.at(-1)
    default:
      return undefined
  }
}

/** The nearest of some rows with a cell there. @param {readonly Element[]} rows @param {number} column */
function inColumn(rows, column) {
  for (const row of rows) {
    const button = row.children[column]?.querySelector('button')
    if (button) return button
  }
  return undefined
}

/** Where a cell is drawn, to go back to. @param {string} id */
export const buttonOf = (id) =>
  [...document.querySelectorAll('button.cell')].find(
    (button) => button instanceof HTMLButtonElement && button.dataset['id'] === id,
  )
