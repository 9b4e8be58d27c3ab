import { exhaustive } from './exhaustive.ts'
import type { Explorer } from './explorer.ts'
import { pct } from './pct.ts'
import { portfolio } from './portfolio.ts'
import { pos } from './pos.ts'
import { random } from './random.ts'
import { reduced } from './reduced.ts'
import { urw } from './urw.ts'

/** The explorers to choose from, by name. The first one is the default. */
export const explorers: readonly [Explorer, ...Explorer[]] = [
  random,
  pct,
  pos,
  urw,
  portfolio,
  exhaustive,
  reduced,
]
