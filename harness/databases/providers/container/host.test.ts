import { expect, test } from 'vitest'
import { isOwnAddress } from './host.ts'

test.for([
  ['127.0.0.1', true],
  // For documentation only, and nobody's: RFC 5737.
  ['192.0.2.1', false],
] as const)('%s is an address of this machine: %s', async ([address, expected]) => {
  expect(await isOwnAddress(address)).toBe(expected)
})
