import type { PropertyRecord } from '../report/property-record.ts'

declare module 'vitest' {
  interface TaskMeta {
    /** What a property has to tell: before it has run, what it will be about. */
    lockstep?: readonly PropertyRecord[]
    /** How to draw the same plans again. */
    seed?: number
  }
}

/** The options of a test that is about these. */
export const about = (...records: readonly PropertyRecord[]) => ({ meta: { lockstep: records } })
