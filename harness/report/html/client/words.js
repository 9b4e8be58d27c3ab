/** @import { FigureView, RateView, Status } from '../report-view.ts' */

/** A sign for each status, as colour alone tells nobody who does not see it. */
export const signs = /** @satisfies {Record<Status, string>} */ ({
  violated: '✕',
  inconclusive: '?',
  holds: '✓',
  'not judged': '○',
  'not run': '–',
  'not supported': '∅',
  'not asked': '·',
})

/** For class names. @param {Status} status */
export const classOf = (status) => status.replaceAll(' ', '-')

const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const precise = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 })

/** Three figures that count. @param {number} number */
export const figure = (number) => (number >= 100 ? grouped : precise).format(number)

/** @param {FigureView} interval */
export const range = ({ low, high }) => `${figure(low)} to ${figure(high)}`

/** @param {number} number @param {string} one @param {string} [many] */
export const count = (number, one, many = `${one}s`) =>
  `${grouped.format(number)} ${number === 1 ? one : many}`

/** @param {number} share */
export function percent(share) {
  const value = share * 100
  if (value > 0 && value < 0.1) return '< 0.1 %'
  if (value < 100 && value > 99.5) return '> 99 %'
  return `${value > 0 && value < 9.95 ? Number(value.toFixed(1)) : Math.round(value)} %`
}

/** @param {RateView} rate */
export const interval = ({ low, high }) => `${percent(low)} to ${percent(high)}`
