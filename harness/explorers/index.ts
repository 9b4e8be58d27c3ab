import { exhaustive } from './exhaustive.ts'
import type { Explorer } from './explorer.ts'
import { pct } from './pct.ts'
import { random } from './random.ts'

/** The explorers to choose from, by name. The first one is the default. */
export const explorers: readonly [Explorer, ...Explorer[]] = [random, pct, exhaustive]
