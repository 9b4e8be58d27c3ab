import { describe, expect, test } from 'vitest'
import { metadataWaits, type MetadataLock } from './metadata-locks.ts'

const onTable = (thread: number, type: string, status = 'GRANTED', name = 't'): MetadataLock => ({
  kind: 'TABLE',
  schema: 'd',
  name,
  type,
  status,
  thread,
})

const userLock = (thread: number, name: string, status = 'GRANTED'): MetadataLock => ({
  kind: 'USER LEVEL LOCK',
  schema: null,
  name,
  type: 'EXCLUSIVE',
  status,
  thread,
})

describe('a lock on a table', () => {
  test.for([
    ['EXCLUSIVE', 'SHARED_READ', true],
    ['EXCLUSIVE', 'SHARED_WRITE', true],
    ['SHARED_WRITE', 'EXCLUSIVE', true],
    ['SHARED_WRITE', 'SHARED_WRITE', false],
    ['SHARED_READ', 'SHARED_WRITE', false],
    ['SHARED_READ', 'SHARED_NO_READ_WRITE', true],
    ['SHARED_WRITE', 'SHARED_READ_ONLY', true],
    ['SHARED_READ_ONLY', 'SHARED_WRITE', true],
    ['SHARED_NO_READ_WRITE', 'SHARED_READ', true],
    ['SHARED_UPGRADABLE', 'SHARED_UPGRADABLE', true],
    ['SHARED_UPGRADABLE', 'SHARED_WRITE', false],
  ] as const)('%s, where another holds %s: waits for it: %s', ([wanted, held, expected]) => {
    const locks = [onTable(1, held), onTable(2, wanted, 'PENDING')]
    expect(metadataWaits(locks)).toEqual(expected ? [{ waiter: 2, blocker: 1 }] : [])
  })

  test('waits for nobody at another table, and not for itself', () => {
    const locks = [
      onTable(1, 'SHARED_READ', 'GRANTED', 'other'),
      onTable(2, 'SHARED_UPGRADABLE'),
      onTable(3, 'SHARED_WRITE'),
      onTable(2, 'EXCLUSIVE', 'PENDING'),
    ]
    expect(metadataWaits(locks)).toEqual([{ waiter: 2, blocker: 3 }])
  })

  test('waits for a stronger one that is still waiting itself', () => {
    const locks = [
      onTable(1, 'SHARED_READ'),
      onTable(2, 'EXCLUSIVE', 'PENDING'),
      onTable(3, 'SHARED_READ', 'PENDING'),
    ]
    expect(metadataWaits(locks)).toEqual([
      { waiter: 2, blocker: 1 },
      { waiter: 3, blocker: 2 },
    ])
  })
})

test('a user-level lock is held by one at a time', () => {
  const locks = [userLock(1, 'a'), userLock(3, 'b'), userLock(2, 'a', 'PENDING')]
  expect(metadataWaits(locks)).toEqual([{ waiter: 2, blocker: 1 }])
})

test('nobody waits while nothing is pending', () => {
  expect(metadataWaits([onTable(1, 'EXCLUSIVE'), userLock(1, 'a')])).toEqual([])
})
