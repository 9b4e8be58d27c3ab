/** @import { LaneChart, LaneItem } from '../report-view.ts' */
import { h, unseen } from './dom.js'

/** The first row of the grid is the head. */
const firstRow = 2

/**
 * A run as swim lanes: a list in the order of time, which a grid puts side by side. Where there is no
 * room for lanes they become strips, and what happened stands beside them.
 *
 * @param {LaneChart} chart
 */
export function lanes({ lanes: names, items, rows }) {
  return h(
    'div',
    { class: `lanes-box ${names.length > 3 ? 'many' : names.length > 2 ? 'three' : ''}` },
    h(
      'ol',
      { class: 'lanes', 'aria-label': 'What happened, in order', '--lanes': names.length },
      names.map((name, lane) =>
        h(
          'li',
          { class: 'lane-name', 'aria-hidden': 'true', '--lane': lane, '--actor': color(lane) },
          name,
        ),
      ),
      names.map((_, lane) =>
        h('li', {
          class: 'lane-ground',
          role: 'presentation',
          'aria-hidden': 'true',
          '--lane': lane,
          '--rows': rows,
        }),
      ),
      items.map((item) => shapesOf(item, names)),
    ),
  )
}

/** @param {number} lane */
const color = (lane) => `var(--actor-${lane % 6})`

/** @param {LaneItem} item @param {readonly string[]} names */
function shapesOf(item, names) {
  const at = { '--lane': item.lane, '--row': item.row + firstRow, '--actor': color(item.lane) }
  const mark = h('li', { class: `mark ${item.kind}`, 'aria-hidden': 'true', ...at })
  if (item.kind === 'wait') return waitShapes(item, names, at)
  const step = item.kind === 'statement' && numberOf(item.step, at)
  return [step, mark, h('li', { class: `box ${item.kind}`, ...at }, content(item, names))]
}

/** @param {number} step @param {Record<string, number | string>} at */
const numberOf = (step, at) => h('li', { class: 'step', 'aria-hidden': 'true', ...at }, step)

/**
 * @param {Extract<LaneItem, { kind: 'wait' }>} wait
 * @param {readonly string[]} names
 * @param {Record<string, number | string>} at
 */
function waitShapes(wait, names, at) {
  const whom = wait.for.map((lane) => names[lane] ?? '?').join(', ')
  const rows = Math.max(1, wait.to - wait.row)
  return [
    h('li', { class: 'wait', 'aria-hidden': 'true', ...at, '--rows': rows }),
    ...wait.for.map((to) =>
      h('li', {
        class: `arrow ${to < wait.lane ? 'left' : 'right'}`,
        'aria-hidden': 'true',
        ...at,
        '--from': Math.min(wait.lane, to),
        '--span': Math.abs(wait.lane - to) + 1,
      }),
    ),
    h(
      'li',
      { class: 'box wait-label', ...at },
      name(names[wait.lane]),
      `waits for ${whom}`,
      !wait.ended && ', and goes on waiting to the end',
    ),
  ]
}

/** Beside a strip it has to be said whose it is. @param {string | undefined} actor */
const name = (actor) => h('span', { class: 'actor' }, `${actor ?? '?'} `)

/**
 * @param {Exclude<LaneItem, { kind: 'wait' }>} item
 * @param {readonly string[]} names
 */
function content(item, names) {
  const actor = name(names[item.lane])
  switch (item.kind) {
    case 'command':
    case 'remark':
      return [actor, item.text]
    case 'reply':
      return [
        actor,
        unseen('is answered: '),
        h('span', { class: `answer ${item.reply}` }, item.text),
      ]
    case 'statement':
      return [
        actor,
        unseen(`step ${item.step}: `),
        item.together.length > 0 &&
          h(
            'p',
            { class: 'note' },
            `together with ${item.together.map((lane) => names[lane] ?? '?').join(', ')}`,
          ),
        h('code', {}, item.text),
        outcome(item),
      ]
    case 'outcome':
      return [
        actor,
        h('p', { class: 'note' }, item.resumed ? `step ${item.step} goes on` : `step ${item.step}`),
        outcome(item),
      ]
  }
}

/** @param {{ readonly results: readonly string[], readonly error?: string, readonly stopped?: true }} item */
function outcome({ results, error, stopped }) {
  return [
    stopped && h('p', { class: 'note' }, 'stops before its first row'),
    results.map((result) => h('p', { class: 'result' }, result)),
    error !== undefined && h('p', { class: 'error' }, error),
  ]
}
