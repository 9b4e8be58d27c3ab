/** @import { CellView } from '../report-view.ts' */
import { address, go } from './address.js'
import { levelTitle, valuesOf, view } from './data.js'
import { choice, h } from './dom.js'
import { count } from './words.js'

/** Whether the filters leave a cell in. @param {CellView} cell */
export function isShown(cell) {
  const { workload, platform, level, verdict, strategy } = address()
  const text = strategy.trim().toLowerCase()
  return (
    (workload === '' || cell.workload === workload) &&
    (platform === '' || cell.platform === platform) &&
    (level === '' || cell.isolation === level) &&
    (verdict === '' || cell.status === verdict) &&
    cell.strategy.toLowerCase().includes(text)
  )
}

/** @param {string} value @param {string} [text] */
const option = (value, text = value) => ({ value, text })
const all = option('', 'all')

const platforms = () =>
  valuesOf((cell) => cell.platform).map((platform) =>
    option(platform, view.columns.find((column) => column.platform === platform)?.platformTitle),
  )

const levels = () =>
  valuesOf((cell) => cell.isolation).map((level) => option(level, levelTitle(level)))

/** What is shown, to be chosen; how many cells that are is said aloud when it has changed. */
export function filters() {
  const workload = choice(
    'Workload',
    [all, ...valuesOf((cell) => cell.workload).map((each) => option(each))],
    (value) => go({ workload: value }),
  )
  const platform = choice('Database', [all, ...platforms()], (value) => go({ platform: value }))
  const level = choice('Isolation', [all, ...levels()], (value) => go({ level: value }))
  const verdict = choice(
    'Verdict',
    [all, ...view.totals.map(({ status }) => option(status))],
    (value) => go({ verdict: value }),
  )
  const strategy = h('input', {
    type: 'search',
    placeholder: 'part of its name',
    oninput: () => go({ strategy: strategy.value }),
  })
  const reset = h('button', { type: 'button', onclick: clear }, 'Show all')
  const shown = h('output', { class: 'shown', 'aria-live': 'polite' })
  const form = h(
    'form',
    { class: 'filters', 'aria-label': 'Filter', onsubmit: (event) => event.preventDefault() },
    workload.element,
    h('label', {}, h('span', {}, 'Strategy'), strategy),
    platform.element,
    level.element,
    verdict.element,
    reset,
    shown,
  )
  const update = () => {
    const now = address()
    workload.choose(now.workload)
    platform.choose(now.platform)
    level.choose(now.level)
    verdict.choose(now.verdict)
    // Where somebody is writing, the cursor stays.
    if (strategy.value !== now.strategy) strategy.value = now.strategy
    reset.hidden = view.cells.every(isShown)
    shown.textContent = `${view.cells.filter(isShown).length} of ${count(view.cells.length, 'cell')} shown`
  }
  return { element: form, update }
}

const clear = () => go({ workload: '', platform: '', level: '', verdict: '', strategy: '' })
