import type { IsolationCase } from '../isolation-case.ts'
import { g0 } from './g0.ts'
import { g1a } from './g1a.ts'
import { g1b } from './g1b.ts'
import { g1c } from './g1c.ts'
import { g2Fekete } from './g2-fekete.ts'
import { g2Item } from './g2-item.ts'
import { g2 } from './g2.ts'
import { gSinglePredicate } from './g-single-predicate.ts'
import { gSingleWrite } from './g-single-write.ts'
import { gSingle } from './g-single.ts'
import { otv } from './otv.ts'
import { p4 } from './p4.ts'
import { pmpRead } from './pmp-read.ts'
import { pmpWriteAfterRead } from './pmp-write-after-read.ts'
import { pmpWrite } from './pmp-write.ts'

/** The suite, in its order. */
export const isolationCases: readonly IsolationCase[] = [
  g0,
  g1a,
  g1b,
  g1c,
  otv,
  pmpRead,
  pmpWrite,
  pmpWriteAfterRead,
  p4,
  gSingle,
  gSinglePredicate,
  gSingleWrite,
  g2Item,
  g2,
  g2Fekete,
]
