import { expect, test } from 'vitest'
import { z } from 'zod'
import { resultsWith } from './fixtures/results.ts'
import { resultsSchema } from './results.ts'

test('results are described to programs as they are', async () => {
  const schema = z.toJSONSchema(resultsSchema)
  const file = new URL('../../docs/results.schema.json', import.meta.url)
  // `vitest run -u` writes what has changed.
  await expect(`${JSON.stringify(schema, undefined, 2)}\n`).toMatchFileSnapshot(file.pathname)
})

test('results without a cell are results', () => {
  expect(resultsSchema.parse(resultsWith())).toEqual(resultsWith())
})
