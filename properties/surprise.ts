import { resolve } from 'node:path'
import {
  describeThrown,
  exhaustive,
  explore,
  keepKnown,
  knownFrom,
  random,
  renderText,
  type Exploration,
  type Grain,
  type Lane,
  type Strategy,
} from '../harness/index.ts'
import { NotAsExpected } from '../harness/testing/not-as-expected.ts'
import { mostSchedules, seed } from './budget.ts'
import type { Note } from './cell-test.ts'
import { valueOf } from './settings/environment.ts'

/** Known counterexamples, and below which folder new ones are kept: LOCKSTEP_CORPUS_OUT. */
export const corpus = 'properties/corpus'
const keptIn = valueOf('LOCKSTEP_CORPUS_OUT') ?? corpus

const replayCommand = 'npx -y pnpm@12 lockstep replay'

/** What was seen where it should not have been. */
export interface Surprise {
  readonly lane: Lane
  readonly strategy: Strategy
  readonly claim: string
  readonly grain: Grain
  /** Within which it was seen, if it was in a scenario. */
  readonly preemptions?: number | undefined
}

/** Fails with the smallest run that breaks what should hold. */
export async function showSurprise(surprise: Surprise, note: Note): Promise<never> {
  return failWith(surprise.strategy, await findAgain(surprise), surprise.claim, note)
}

/** Fails with what an exploration has found, and keeps it. */
export function failWith(strategy: Strategy, found: Exploration, claim: string, note: Note): never {
  const report = renderText(strategy.workload, found, { replayCommand })
  const { kept, file } = keep(strategy, found)
  note({ finding: { invariant: claim, text: report, ...(file !== undefined && { file }) } })
  const message = `${claim} is expected to hold, and was broken.\n${report}\n\n${kept}\n`
  throw new NotAsExpected(message, fileOf(strategy))
}

/** A survey sees that something breaks. To show it takes an exploration, which looks in the same places. */
async function findAgain({
  lane,
  strategy,
  claim,
  grain,
  ...bounds
}: Surprise): Promise<Exploration> {
  const options = { lane, strategy, grains: [grain], invariants: [claim] }
  const scenarios =
    bounds.preemptions === undefined
      ? []
      : strategy.workload.scenarios.map(({ name }) => ({
          explorer: exhaustive,
          scenario: name,
          ...bounds,
        }))
  for (const search of scenarios) {
    const found = await explore({ ...options, ...search })
    if (found.verdict === 'violated') return found
  }
  return explore({ ...options, explorer: random, seed, schedules: mostSchedules })
}

/** As strategies are kept. */
export const fileOf = ({ name, workload }: Strategy): string =>
  resolve(`strategies/${workload.name}/${name}.ts`)

function keep(
  { workload }: Strategy,
  found: Exploration,
): { readonly kept: string; readonly file?: string } {
  if (found.verdict !== 'violated') {
    return { kept: 'It could not be found again, so there is nothing to keep.' }
  }
  try {
    const file = keepKnown(keptIn, knownFrom(workload, found, found.counterexample))
    return {
      file,
      kept: `It is kept in ${file}. Once it is in ${corpus}, it is tried before anything else.`,
    }
  } catch (error) {
    return { kept: `It cannot be kept in ${keptIn}: ${describeThrown(error)}.` }
  }
}
