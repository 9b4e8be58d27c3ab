import { expect, test } from 'vitest'
import { moduleBeside } from './module-beside.ts'

test.each(['ts', 'js'])('a .%s file has its neighbours of the same kind', (ending) => {
  const asking = `file:///a/b%20c/launch.${ending}`
  expect(moduleBeside('keeper', asking).href).toBe(`file:///a/b%20c/keeper.${ending}`)
})
