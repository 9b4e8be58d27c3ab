/** @import { CounterexampleView, TableView } from '../report-view.ts' */
import { folded, h, unseen } from './dom.js'
import { lanes } from './lanes.js'

/** What broke, how it came to it step by step, and how to see it again. @param {CounterexampleView} found */
export const counterexample = (found) =>
  h(
    'section',
    { class: 'counterexample' },
    h('h3', {}, 'Counterexample'),
    h('p', { class: 'message' }, h('b', {}, found.invariant), `: ${found.message}`),
    h('p', {}, h('b', {}, found.anomaly), found.explanation !== '' && `: ${found.explanation}`),
    h('p', { class: 'quiet' }, found.size),
    state('Before', found.before),
    found.chart
      ? lanes(found.chart)
      : h('p', {}, 'Its history cannot be read by this Lockstep, so it is not drawn.'),
    state('After', found.after),
    replay(found.replay),
    folded('The same as text', h('pre', { tabindex: 0 }, found.text)),
  )

/** @param {string} title @param {readonly TableView[]} tables */
const state = (title, tables) =>
  h(
    'div',
    { class: 'state' },
    h('h4', {}, title),
    h('div', { class: 'state-tables' }, tables.map(tableOf)),
  )

/** @param {TableView} table */
function tableOf({ name, columns, rows, isNew }) {
  if (rows.length === 0) {
    return h(
      'div',
      { class: 'rows' },
      h('p', { class: 'rows-name' }, name),
      h('p', { class: 'quiet' }, 'no rows'),
    )
  }
  return h(
    'table',
    { class: 'rows' },
    h('caption', { class: 'rows-name' }, name),
    h(
      'thead',
      {},
      h(
        'tr',
        {},
        columns.map((column) => h('th', { scope: 'col' }, column)),
      ),
    ),
    h(
      'tbody',
      {},
      rows.map((row, index) =>
        h(
          'tr',
          { class: isNew[index] ? 'new' : undefined },
          row.map((value, column) =>
            h('td', {}, column === 0 && isNew[index] && unseen('changed: '), value),
          ),
        ),
      ),
    ),
  )
}

/** @param {string} command */
function replay(command) {
  const line = h('code', { tabindex: 0 }, command)
  const said = h('span', { role: 'status' })
  const copy = async () => {
    said.textContent = (await copied(command, line)) ? 'copied' : 'press Ctrl+C to copy it'
  }
  return h(
    'div',
    { class: 'replay' },
    h('h4', {}, 'To replay it'),
    line,
    h('button', { type: 'button', onclick: () => void copy() }, 'Copy'),
    ' ',
    said,
  )
}

/**
 * Whether it is in the clipboard. Where a page may not write there, the text is selected instead.
 *
 * @param {string} text
 * @param {HTMLElement} element
 */
async function copied(text, element) {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    getSelection()?.selectAllChildren(element)
    return false
  }
}
