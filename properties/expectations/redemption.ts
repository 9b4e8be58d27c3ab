import type { StrategyId } from '../../strategies/index.ts'
import {
  always,
  byLevel,
  everywhere,
  holds,
  innodb,
  innodbWithoutSnapshots,
  type Expectations,
} from './expectation.ts'

/** Both races of a coupon: the same user twice, and more users than the cap allows. */
const twiceAndOverCap = ['one-redemption-per-user', 'redemptions-within-cap']

/** A locking read waits for a coupon's UPDATE that is under way, and finds it changed since its snapshot. */
const refusedInside = { aborts: ['serialization failure'] } as const

/** What becomes of the strategies of workload `redemption`. */
export const redemption = {
  'redemption/check-then-insert': {
    postgres: byLevel(
      { breaks: twiceAndOverCap },
      { breaks: twiceAndOverCap },
      { aborts: ['serialization failure'] },
    ),
    ...innodb(
      byLevel(
        { breaks: twiceAndOverCap },
        { breaks: twiceAndOverCap },
        { aborts: ['deadlock'], why: 'plain reads take share locks, and both then wait to write' },
      ),
    ),
  },
  'redemption/autocommit': everywhere(
    byLevel(
      { breaks: twiceAndOverCap },
      { breaks: twiceAndOverCap },
      { breaks: twiceAndOverCap, why: 'every statement is a transaction of its own' },
    ),
  ),
  'redemption/insert-where-not-exists': {
    postgres: {
      'read-uncommitted': { breaks: twiceAndOverCap },
      'read-committed': {
        breaks: twiceAndOverCap,
        why: 'the statement does not see what others have not committed',
      },
      'repeatable-read': { breaks: twiceAndOverCap },
      serializable: { aborts: ['serialization failure'] },
    },
    ...innodb({
      'read-uncommitted': {
        inside: { breaks: twiceAndOverCap },
        why: 'sees what is not committed yet, but not what is not written yet',
      },
      'read-committed': {
        breaks: twiceAndOverCap,
        why: 'the statement does not see what others have not committed',
      },
      'repeatable-read': {
        inside: { aborts: ['deadlock'] },
        why: 'INSERT … SELECT locks what it reads, and the second waits for the first',
      },
      serializable: { inside: { aborts: ['deadlock'] } },
    }),
  },
  'redemption/unique-constraint': {
    postgres: always(holds),
    ...innodbWithoutSnapshots(always(holds)),
    'mariadb with snapshot isolation': byLevel(
      holds,
      { aborts: ['serialization failure'], why: 'the row in the way is newer than the snapshot' },
      { aborts: ['serialization failure'] },
    ),
  },
  'redemption/insert-ignore': {
    postgres: byLevel(
      holds,
      { aborts: ['serialization failure'], why: 'the row in the way is newer than the snapshot' },
      { aborts: ['serialization failure'] },
    ),
    ...innodbWithoutSnapshots(always(holds)),
    'mariadb with snapshot isolation': byLevel(
      holds,
      { aborts: ['serialization failure'], why: 'the row in the way is newer than the snapshot' },
      { aborts: ['serialization failure'] },
    ),
  },
  'redemption/upsert': {
    postgres: byLevel(
      holds,
      { aborts: ['serialization failure'] },
      { aborts: ['serialization failure'] },
    ),
    ...innodbWithoutSnapshots(always(holds)),
    'mariadb with snapshot isolation': byLevel(
      holds,
      { aborts: ['serialization failure'] },
      { aborts: ['serialization failure'] },
    ),
  },
  'redemption/cap-counter': {
    postgres: byLevel(
      holds,
      {
        aborts: ['serialization failure'],
        why: 'the first statement takes the snapshot before it waits',
      },
      { aborts: ['serialization failure'] },
    ),
    ...innodbWithoutSnapshots(always(holds)),
    'mariadb with snapshot isolation': byLevel(holds, holds, {
      aborts: ['serialization failure'],
      why: 'the first statement takes the snapshot before it waits',
    }),
  },
  'redemption/select-for-update': {
    postgres: byLevel(
      holds,
      {
        breaks: twiceAndOverCap,
        inside: refusedInside,
        why: 'the snapshot is older than the lock that was waited for',
      },
      { aborts: ['serialization failure'] },
    ),
    ...innodb(
      byLevel(
        holds,
        { why: 'the snapshot comes with the first read that takes no lock, after the wait' },
        holds,
      ),
    ),
  },
  'redemption/select-for-update-after-read': {
    postgres: byLevel(
      holds,
      {
        breaks: twiceAndOverCap,
        aborts: ['serialization failure'],
        why: 'the first look fixed the snapshot, before the lock was taken',
      },
      { aborts: ['serialization failure'] },
    ),
    ...innodbWithoutSnapshots(
      byLevel(
        holds,
        {
          breaks: twiceAndOverCap,
          why: 'the first look fixed the snapshot, before the lock was taken',
        },
        { aborts: ['deadlock'] },
      ),
    ),
    'mariadb with snapshot isolation': byLevel(
      holds,
      {
        breaks: twiceAndOverCap,
        aborts: ['serialization failure'],
        why: 'the first look fixed the snapshot, before the lock was taken',
      },
      { aborts: ['deadlock'] },
    ),
  },
  'redemption/for-share-then-insert': {
    postgres: byLevel(
      { breaks: twiceAndOverCap },
      { breaks: twiceAndOverCap, inside: refusedInside },
      { aborts: ['serialization failure'] },
    ),
    ...innodb(
      byLevel({ breaks: twiceAndOverCap }, { breaks: twiceAndOverCap }, { aborts: ['deadlock'] }),
    ),
  },
  'redemption/lock-missing-row': {
    postgres: {
      'read-uncommitted': { breaks: twiceAndOverCap },
      'read-committed': { breaks: twiceAndOverCap, why: 'there is no row to lock' },
      'repeatable-read': { breaks: twiceAndOverCap, why: 'there is no row to lock' },
      serializable: { aborts: ['serialization failure'] },
    },
    ...innodbWithoutSnapshots({
      'read-uncommitted': { breaks: twiceAndOverCap },
      'read-committed': {
        breaks: twiceAndOverCap,
        why: 'there is no row to lock, and gaps are not locked at this level',
      },
      'repeatable-read': {
        breaks: ['redemptions-within-cap'],
        aborts: ['deadlock'],
        why: "two can lock the gap and then deadlock; but it is one user's gap, the cap is for all",
      },
      serializable: { aborts: ['deadlock'] },
    }),
    'mariadb with snapshot isolation': {
      'read-uncommitted': { breaks: twiceAndOverCap },
      'read-committed': {
        breaks: twiceAndOverCap,
        why: 'there is no row to lock, and gaps are not locked at this level',
      },
      'repeatable-read': {
        breaks: ['redemptions-within-cap'],
        aborts: ['deadlock', 'serialization failure'],
        why: "two can lock the gap and then deadlock; but it is one user's gap, the cap is for all",
      },
      serializable: { aborts: ['deadlock', 'serialization failure'] },
    },
  },
  'redemption/lock-on-other-connection': {
    postgres: byLevel(
      { breaks: twiceAndOverCap },
      { breaks: twiceAndOverCap, inside: refusedInside },
      { aborts: ['serialization failure'] },
    ),
    ...innodb(
      byLevel({ breaks: twiceAndOverCap }, { breaks: twiceAndOverCap }, { aborts: ['deadlock'] }),
    ),
  },
  'redemption/optimistic-version': {
    postgres: byLevel(
      holds,
      { aborts: ['serialization failure'] },
      { aborts: ['serialization failure'] },
    ),
    ...innodbWithoutSnapshots({
      'read-uncommitted': {
        breaks: twiceAndOverCap,
        why: 'the version that was read had not been committed',
      },
      'read-committed': holds,
      'repeatable-read': holds,
      serializable: { aborts: ['deadlock'] },
    }),
    'mariadb with snapshot isolation': {
      'read-uncommitted': {
        breaks: twiceAndOverCap,
        why: 'the version that was read had not been committed',
      },
      'read-committed': holds,
      'repeatable-read': { aborts: ['serialization failure'] },
      serializable: { aborts: ['deadlock', 'serialization failure'] },
    },
  },
  'redemption/serializable-retry': everywhere(always(holds)),
  'redemption/advisory-lock': {
    postgres: byLevel(
      holds,
      { breaks: twiceAndOverCap, why: 'the snapshot is older than the lock that was waited for' },
      { aborts: ['serialization failure'] },
    ),
    ...innodb(
      byLevel(holds, { why: 'the lock is taken before BEGIN, and so before the snapshot' }, holds),
    ),
  },
  'redemption/advisory-lock-released-early': {
    postgres: byLevel(
      { breaks: twiceAndOverCap },
      { breaks: twiceAndOverCap },
      { aborts: ['serialization failure'] },
    ),
    ...innodb({
      'read-uncommitted': holds,
      'read-committed': { breaks: twiceAndOverCap },
      'repeatable-read': { breaks: twiceAndOverCap },
      serializable: holds,
    }),
  },
  'redemption/app-mutex': {
    postgres: byLevel(
      { breaks: twiceAndOverCap },
      { breaks: twiceAndOverCap },
      { aborts: ['serialization failure'] },
    ),
    ...innodb(
      byLevel({ breaks: twiceAndOverCap }, { breaks: twiceAndOverCap }, { aborts: ['deadlock'] }),
    ),
  },
} satisfies Readonly<Record<Extract<StrategyId, `redemption/${string}`>, Expectations>>
