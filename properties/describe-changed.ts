import type { Platform } from './cells.ts'
import { changed } from './changed.ts'
import { describeBetween } from './describe-cells.ts'
import { describeInside } from './describe-inside.ts'

/** Declares of the strategies that a change has touched what is declared of the others elsewhere. */
export function describeChanged(platform: Platform): void {
  describeBetween(platform, changed)
  describeInside(platform, changed)
}
