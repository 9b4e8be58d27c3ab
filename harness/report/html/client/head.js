import { view } from './data.js'
import { facts, folded, h } from './dom.js'
import { themeChoice } from './theme.js'
import { classOf, count, signs } from './words.js'

/** What was compared, what it came to, and how it was measured. */
export const head = () =>
  h(
    'header',
    {},
    h('div', { class: 'top' }, h('p', { class: 'brand' }, 'Lockstep comparison'), themeChoice()),
    h('h1', {}, view.title),
    totals(),
    notRun(),
    h(
      'div',
      { class: 'circumstances' },
      facts(view.facts.slice(0, 5)),
      h(
        'div',
        {},
        view.databases.map(({ title, settings }) =>
          settings.length === 0 ? h('p', {}, title) : folded(title, facts(settings, 'facts small')),
        ),
        folded('How much was measured', facts(view.facts.slice(5), 'facts small')),
      ),
    ),
  )

const totals = () =>
  h(
    'ul',
    { class: 'totals', 'aria-label': 'What the cells have come to' },
    view.totals
      .filter(({ status }) => status !== 'not asked')
      .map(({ status, cells }) =>
        h(
          'li',
          { class: `total ${classOf(status)}` },
          h('span', { 'aria-hidden': 'true' }, signs[status]),
          h('b', {}, cells),
          status,
        ),
      ),
  )

/** What is missing is never out of sight: the reasons stand here, and the places one click away. */
function notRun() {
  if (view.omissions.length === 0) return null
  return h(
    'section',
    { class: 'omissions', 'aria-labelledby': 'omissions' },
    h('h2', { id: 'omissions' }, 'Not measured'),
    h(
      'ul',
      {},
      view.omissions.map(({ reason, part, places: each }) =>
        h(
          'li',
          {},
          folded(
            `${count(each.length, 'cell')} without ${part}: ${reason}`,
            h(
              'ul',
              {},
              each.map((place) => h('li', {}, place)),
            ),
          ),
        ),
      ),
    ),
  )
}
