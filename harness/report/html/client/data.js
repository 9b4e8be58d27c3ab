/** @import { CellView, ReportView } from '../report-view.ts' */

/** @type {ReportView} */
export const view = JSON.parse(document.querySelector('#data')?.textContent ?? '{}')

/** @param {string} id */
export const cellById = (id) => view.cells.find((cell) => cell.id === id)

/** What its strategy does, in a sentence. @param {CellView} cell */
export const summaryOf = (cell) =>
  view.workloads
    .find(({ name }) => name === cell.workload)
    ?.strategies.find(({ name }) => name === cell.strategy)?.summary

/** @param {CellView} cell */
export const placeOf = (cell) =>
  `${cell.workload}/${cell.strategy} on ${cell.platformTitle}, ${levelTitle(cell.isolation)}`

/** @param {string} isolation */
export const levelTitle = (isolation) => isolation.replaceAll('-', ' ')

/** The values of some cells, each once, in their order. @param {(cell: CellView) => string} of */
export const valuesOf = (of) => [...new Set(view.cells.map(of))]
