import { expect, test } from 'vitest'
import { explorers } from './index.ts'
import { explorerLaws } from './laws.ts'

for (const explorer of explorers) explorerLaws(explorer)

test('no two explorers share a name', () => {
  const names = explorers.map(({ name }) => name)
  expect(names).toEqual([...new Set(names)])
})
