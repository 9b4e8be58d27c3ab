import { globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import type { TestSpecification, Vitest } from 'vitest/node'
import { StageSequencer } from './sequencer.ts'
import { stageOf, stages } from './stages.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const project = { name: 'props', config: { sequence: { groupOrder: 0 }, isolate: true } }
const files = globSync('properties/**/*.props.ts', { cwd: root }).map(
  (file) => ({ moduleId: `${root}${file}`, project }) as unknown as TestSpecification,
)

/** As much of vitest as putting files in order needs: nothing is known of earlier runs. */
const sequencer = (shard?: { readonly index: number; readonly count: number }) =>
  new StageSequencer({
    config: { shard, root },
    cache: { getTestSpecificationResult: () => undefined },
  } as unknown as Vitest)

const stagesOf = (specifications: readonly TestSpecification[]): string[] =>
  specifications.map(({ moduleId }) => stageOf(moduleId))

test('files of properties are run stage by stage', async () => {
  // oxlint-disable-next-line unicorn/no-array-sort -- not an array's
  const sorted = await sequencer().sort(files.toReversed())
  expect(new Set(sorted)).toEqual(new Set(files))
  expect([...new Set(stagesOf(sorted))]).toEqual(stages)
  const changes = stagesOf(sorted).filter((stage, index, all) => stage !== all[index - 1])
  expect(changes).toEqual(stages)
})

test('shards share all files, and each stage about equally', async () => {
  const count = 3
  const shards = await Promise.all(
    [1, 2, 3].map((index) => sequencer({ index, count }).shard(files.toReversed())),
  )
  expect(shards.flat()).toHaveLength(files.length)
  expect(new Set(shards.flat())).toEqual(new Set(files))
  for (const stage of stages) {
    const sizes = shards.map((shard) => stagesOf(shard).filter((each) => each === stage).length)
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
  }
})
