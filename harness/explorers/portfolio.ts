import fc from 'fast-check'
import type { SamplingExplorer } from './explorer.ts'
import { pctOfDepth } from './pct.ts'
import { pos } from './pos.ts'
import { random } from './random.ts'
import { urw } from './urw.ts'

/** An explorer, and how many of all the shares it has. */
export interface Member {
  readonly weight: number
  readonly explorer: SamplingExplorer
}

/**
 * Deals each schedule to one of several explorers by chance, as no explorer is best at everything:
 * it needs at most as many times the schedules of the best one as that one has shares of all.
 *
 * A schedule begins with the member's index, and the rest is the member's own. With none it is the
 * first member's.
 */
export const portfolioOf = (members: readonly [Member, ...Member[]]): SamplingExplorer => ({
  kind: 'sampling',
  name: 'portfolio',
  summary: `Deals each schedule by chance to one of ${namesOf(members)}.`,
  schedule: fc.oneof(
    ...members.map(({ weight, explorer }, index) => ({
      weight,
      arbitrary: explorer.schedule.map((own) => [index, ...own]),
    })),
  ),
  chooser: ([index = 0, ...own], outlook) => {
    const { explorer } = members[index % members.length] ?? members[0]
    return explorer.chooser(own, outlook)
  },
})

function namesOf(members: readonly Member[]): string {
  const names = [...new Set(members.map(({ explorer }) => explorer.name))]
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`
}

/** As many schedules to each kind of explorer, and those of `pct` to several depths. */
export const portfolio = portfolioOf([
  { weight: 3, explorer: random },
  { weight: 3, explorer: urw },
  { weight: 3, explorer: pos },
  { weight: 1, explorer: pctOfDepth(2) },
  { weight: 1, explorer: pctOfDepth(3) },
  { weight: 1, explorer: pctOfDepth(4) },
])
