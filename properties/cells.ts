import {
  describeIsolation,
  engines,
  isolationLevels,
  platforms,
  platformSettings,
  type EngineName,
  type IsolationLevel,
  type IsolationSetting,
  type Platform,
} from '../harness/index.ts'

export { platforms, type Platform }

/** Where a strategy runs: everything that what becomes of it may depend on. */
export interface Cell {
  readonly platform: Platform
  readonly engine: EngineName
  readonly isolation: IsolationLevel
  readonly snapshotIsolation?: boolean
}

/** The cells of a platform, one for each isolation level. */
export const cellsOf = (platform: Platform): readonly Cell[] =>
  isolationLevels.map((isolation) => ({ platform, isolation, ...platformSettings[platform] }))

/** As titles name it: `MySQL at repeatable-read`. */
export function describeCell(cell: Cell): string {
  const engine = engines.find(({ name }) => name === cell.engine)
  const setting: IsolationSetting = cell
  return `${engine?.title ?? cell.engine} at ${describeIsolation(setting)}`
}
