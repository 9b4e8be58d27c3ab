import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { stageOf, stages } from './stages.ts'

/**
 * Runs the files of properties stage by stage, and within a stage as vitest would: those that failed
 * last time first, then the longest. Shards get as many files of each stage as can be.
 */
export class StageSequencer extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- not an array's
    return inStages(await super.sort(files))
  }

  override async shard(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { index = 1, count = 1 } = this.ctx.config.shard ?? {}
    const byName = files.toSorted((a, b) => (a.moduleId < b.moduleId ? -1 : 1))
    return inStages(byName).filter((_, position) => position % count === index - 1)
  }
}

const rankOf = ({ moduleId }: TestSpecification): number => stages.indexOf(stageOf(moduleId))

/** Files of other projects stay where they are: each project is run by itself. */
const inStages = (files: readonly TestSpecification[]): TestSpecification[] =>
  files.toSorted((a, b) =>
    a.project.name === 'props' && b.project.name === 'props' ? rankOf(a) - rankOf(b) : 0,
  )
