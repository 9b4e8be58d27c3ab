import { expect, test } from 'vitest'
import { requireVersion } from './refusal.ts'

const server = { url: 'mysql://me:secret@db.example/', place: 'db.example:3306' }

test.each([
  ['8.0.40', '8.0'],
  ['9.7.4-2', '8.0'],
  ['10.11.19-MariaDB-0+deb12u1', '10.5'],
  ['13.18 (Debian 13.18-1)', '13'],
  ['18.4', '13'],
])('version %s is not older than %s', (version, oldest) => {
  expect(() => requireVersion('MySQL', server, version, oldest)).not.toThrow()
})

test.each([
  ['5.7.44-log', '8.0'],
  ['10.4.34-MariaDB', '10.5'],
  ['9.6.24', '13'],
])('version %s is older than %s', (version, oldest) => {
  expect(() => requireVersion('MySQL', server, version, oldest)).toThrow(
    `MySQL at db.example:3306 is too old: it is ${version}, and Lockstep needs ${oldest} or later.`,
  )
})
