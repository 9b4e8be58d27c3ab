import { onAddress } from './address.js'
import { cellDialog } from './cell-dialog.js'
import { view } from './data.js'
import { h } from './dom.js'
import { filters } from './filter.js'
import { head } from './head.js'
import { matrix } from './matrix.js'
import { plots } from './plots.js'

const [shown, cells, drawn, dialog] = [filters(), matrix(), plots(), cellDialog()]

document.title = `${view.title}: Lockstep comparison`
document.body.append(
  h('a', { class: 'skip', href: '#matrix', onclick: toMatrix }, 'To the matrix'),
  head(),
  h(
    'main',
    {},
    h(
      'section',
      { 'aria-labelledby': 'matrix' },
      h('h2', { id: 'matrix', tabindex: -1 }, 'What holds where'),
      shown.element,
      cells.element,
      legend(),
    ),
    h(
      'section',
      { 'aria-labelledby': 'cost' },
      h('h2', { id: 'cost' }, 'What it costs'),
      drawn.element,
    ),
  ),
  dialog.element,
)

/** The address is for what is shown. @param {Event} event */
function toMatrix(event) {
  event.preventDefault()
  const target =
    document.querySelector('button.cell[tabindex="0"]') ?? document.querySelector('#matrix')
  if (target instanceof HTMLElement) target.focus()
}

function legend() {
  return h(
    'p',
    { class: 'quiet' },
    'Under a verdict: how often drawn schedules break a claim, and which schedule was the first to, in the middle of all seeds; or in how many schedules nothing broke, and “all” where these are all of a scenario, or stand for all. The stronger the colour, the more often, or the more of all.',
  )
}

function update() {
  shown.update()
  cells.update()
  drawn.update()
}

update()
dialog.update()

onAddress((now, before) => {
  const isAlike = JSON.stringify({ ...now, cell: '' }) === JSON.stringify({ ...before, cell: '' })
  if (!isAlike) update()
})

let width = document.body.clientWidth
let waiting = 0
addEventListener('resize', () => {
  clearTimeout(waiting)
  waiting = setTimeout(() => {
    if (document.body.clientWidth === width) return
    width = document.body.clientWidth
    drawn.update()
  }, 150)
})
