import type { Dependency } from './dependencies.ts'
import { share } from './operations.ts'

/** The names, those that say most first. */
export const anomalyNames = [
  'aborted-read',
  'intermediate-read',
  'dirty-write',
  'dirty-read',
  'circular-information-flow',
  'lost-update',
  'non-repeatable-read',
  'phantom',
  'read-skew',
  'write-skew',
  'phantom-insert',
  'stale-read',
  'dependency-cycle',
] as const

/** Name of an anomaly, or of how near a run came to one: see {@link definitions}. */
export type AnomalyName = (typeof anomalyNames)[number]

/**
 * What each name stands for: in Adya's terms, and in one sentence.
 *
 * Sources: Adya, Liskov and O'Neil, "Generalized Isolation Level Definitions", ICDE 2000 (G0 to G2);
 * Berenson et al., "A Critique of ANSI SQL Isolation Levels", SIGMOD 1995 (P1 to P4, A3 to A5B).
 */
export const definitions = {
  'aborted-read': {
    adya: 'G1a',
    meaning: 'Something was read that was never committed.',
  },
  'intermediate-read': {
    adya: 'G1b',
    meaning: 'Something was read that its writer changed again before committing.',
  },
  'dirty-write': {
    adya: 'G0',
    meaning: 'Each wrote over something that the other had written.',
  },
  'dirty-read': {
    adya: 'P1 (G1 or G-single)',
    meaning: 'Something was read before it was committed, together with older data.',
  },
  'circular-information-flow': {
    adya: 'G1c',
    meaning: 'Each has read or overwritten what the other wrote.',
  },
  'lost-update': {
    adya: 'P4 (G-single)',
    meaning: 'A change was written over by somebody who had read the row before that change.',
  },
  'non-repeatable-read': {
    adya: 'P2 (G-single)',
    meaning: 'A row was looked at, and had changed by the time that this was relied on.',
  },
  phantom: {
    adya: 'P3 (G-single)',
    meaning: 'Rows were looked for, and by the time that this was relied on there were others.',
  },
  'read-skew': {
    adya: 'A5A (G-single)',
    meaning: 'Some of what was read is from before a change, and some from after it.',
  },
  'write-skew': {
    adya: 'A5B (G2-item)',
    meaning: 'Each changed what the other had read, and neither saw the change of the other.',
  },
  'phantom-insert': {
    adya: 'G2 (P3)',
    meaning: 'Each looked for rows and then inserted one that the other had looked for in vain.',
  },
  'stale-read': {
    adya: 'G-single',
    meaning: 'Something was written after a look at data that had changed meanwhile.',
  },
  'dependency-cycle': {
    adya: 'G2',
    meaning: 'Each read what another one then changed, in a circle.',
  },
} as const satisfies Record<AnomalyName, { readonly adya: string; readonly meaning: string }>

/** What a cycle of dependencies is called; undefined where it says less than another one there is. */
export function nameOfCycle(cycle: readonly Dependency[]): AnomalyName | undefined {
  const unseen = cycle.filter(({ kind }) => kind === 'rw')
  if (cycle.some(({ isDirty }) => isDirty)) return 'dirty-read'
  if (unseen.length === 0) {
    return cycle.every(({ kind }) => kind === 'ww') ? 'dirty-write' : 'circular-information-flow'
  }
  if (unseen.length === 1) return nameOfSingle(cycle)
  if (cycle.length > 2) {
    return unseen.every(({ isPredicate }) => isPredicate) ? 'phantom-insert' : 'dependency-cycle'
  }
  if (unseen.every(({ isPredicate }) => isPredicate)) return 'phantom-insert'
  // Two who read and write one row: that one of them wrote over the other says more.
  const [one, other] = unseen
  return one && other && isSameRow(one, other) ? undefined : 'write-skew'
}

/** A cycle in which one did not see what another one wrote, and depends on it all the same. */
function nameOfSingle(cycle: readonly Dependency[]): AnomalyName | undefined {
  const place = cycle.findIndex(({ kind }) => kind === 'rw')
  const unseen = cycle[place]
  const back = cycle[(place + cycle.length - 1) % cycle.length]
  if (!unseen || !back) return undefined
  if (unseen.isPredicate) return 'phantom'
  if (cycle.length > 2 || !isSameRow(unseen, back)) {
    return back.kind === 'wr' ? 'read-skew' : 'stale-read'
  }
  if (back.kind === 'wr') return 'non-repeatable-read'
  // Who reads what was written there, in order to write over it, loses nothing of it.
  return share(back.to.reads, back.from.writes) ? undefined : 'lost-update'
}

const isSameRow = (one: Dependency, other: Dependency): boolean =>
  one.table === other.table && one.row === other.row
