import { expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { oldestNode, whyTooOld } from './node-version.ts'

test.each([oldestNode, '22.22.1', '22.30.0', '24.0.0', '26.10.0', '27.0.0-nightly'])(
  'takes Node %s',
  (version) => expect(whyTooOld(version)).toBeUndefined(),
)

test.each(['18.20.4', '20.20.2', '22.21.1', '22.4.22'])('says of Node %s what to do', (version) => {
  expect(whyTooOld(version)).toBe(
    `Lockstep needs Node 22.22.0 or later, and this is ${version}: install a newer one from https://nodejs.org.`,
  )
})

test('the package says the same', () => {
  expect(manifest.engines.node).toBe(`>=${oldestNode}`)
})

test('takes the Node that runs this', () => {
  expect(whyTooOld(process.versions.node)).toBeUndefined()
})
