import { expect, test } from 'vitest'
import { workloads } from './index.ts'
import { workloadLaws } from './laws.ts'

for (const workload of workloads) workloadLaws(workload)

test('no two workloads share a name', () => {
  const names = workloads.map(({ name }) => name)
  expect(names).toEqual([...new Set(names)])
})
