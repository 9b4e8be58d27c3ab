import type { StrategyId } from '../../strategies/index.ts'
import {
  always,
  byLevel,
  everywhere,
  holds,
  innodb,
  innodbWithoutSnapshots,
  type Expectation,
  type Expectations,
} from './expectation.ts'

/** An UPDATE that is a transaction of its own waits for another, and finds the row changed since its snapshot. */
const refusedInside = { aborts: ['serialization failure'] } as const

const unfencedLease: Expectation = {
  breaks: ['stock-conserved'],
  aborts: ['conflict'],
  why: 'it has no transaction, and its lease excludes nobody for long',
}

/** What becomes of a purchase that locks its row before it reads it. */
const lockedFirst: Expectations = {
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
}

/** What becomes of the strategies of workload `purchase`. */
export const purchase = {
  'purchase/check-then-decrement': {
    postgres: byLevel(
      { breaks: ['stock-never-negative'] },
      { aborts: ['serialization failure'] },
      { aborts: ['serialization failure'] },
    ),
    ...innodbWithoutSnapshots(
      byLevel(
        { breaks: ['stock-never-negative'] },
        { breaks: ['stock-never-negative'] },
        { aborts: ['deadlock'] },
      ),
    ),
    'mariadb with snapshot isolation': byLevel(
      { breaks: ['stock-never-negative'] },
      { aborts: ['serialization failure'] },
      { aborts: ['deadlock', 'serialization failure'] },
    ),
  },
  'purchase/read-modify-write': {
    postgres: byLevel(
      { breaks: ['stock-conserved'] },
      {
        aborts: ['serialization failure'],
        why: 'a second update of a row that changed since the snapshot is refused',
      },
      { aborts: ['serialization failure'] },
    ),
    mysql: byLevel(
      { breaks: ['stock-conserved'] },
      {
        breaks: ['stock-conserved'],
        why: 'the UPDATE acts on the newest row, whatever the snapshot shows',
      },
      { aborts: ['deadlock'], why: 'plain reads take share locks, and both then wait to write' },
    ),
    mariadb: byLevel(
      { breaks: ['stock-conserved'] },
      {
        breaks: ['stock-conserved'],
        why: 'the UPDATE acts on the newest row, whatever the snapshot shows',
      },
      { aborts: ['deadlock'] },
    ),
    'mariadb with snapshot isolation': byLevel(
      { breaks: ['stock-conserved'] },
      {
        aborts: ['serialization failure'],
        why: 'a second update of a row that changed since the snapshot is refused',
      },
      { aborts: ['deadlock', 'serialization failure'] },
    ),
  },
  'purchase/conditional-update': {
    postgres: byLevel(
      holds,
      { aborts: ['serialization failure'] },
      { aborts: ['serialization failure'] },
    ),
    ...innodbWithoutSnapshots(always(holds)),
    'mariadb with snapshot isolation': byLevel(holds, holds, {
      aborts: ['serialization failure'],
      why: 'the first statement takes the snapshot before it waits',
    }),
  },
  'purchase/check-constraint': {
    postgres: byLevel(
      holds,
      { aborts: ['serialization failure'] },
      { aborts: ['serialization failure'] },
    ),
    ...innodbWithoutSnapshots(always(holds)),
    'mariadb with snapshot isolation': byLevel(holds, holds, { aborts: ['serialization failure'] }),
  },
  'purchase/select-for-update': lockedFirst,
  'purchase/select-for-update-nowait': {
    postgres: byLevel(
      { aborts: ['lock timeout'] },
      { aborts: ['lock timeout', 'serialization failure'] },
      { aborts: ['lock timeout', 'serialization failure'] },
    ),
    ...innodbWithoutSnapshots(always({ aborts: ['lock timeout'] })),
    'mariadb with snapshot isolation': byLevel(
      { aborts: ['lock timeout'] },
      { aborts: ['lock timeout'] },
      { aborts: ['lock timeout', 'serialization failure'] },
    ),
  },
  'purchase/skip-locked': {
    postgres: byLevel(
      holds,
      { aborts: ['serialization failure'] },
      { aborts: ['serialization failure'] },
    ),
    ...innodbWithoutSnapshots(always(holds)),
    'mariadb with snapshot isolation': byLevel(holds, holds, { aborts: ['serialization failure'] }),
  },
  'purchase/for-share-then-update': {
    postgres: {
      'read-uncommitted': { aborts: ['deadlock'] },
      'read-committed': {
        aborts: ['deadlock'],
        why: 'two share the row, and each waits for the other to let go of it',
      },
      'repeatable-read': { aborts: ['deadlock', 'serialization failure'] },
      serializable: { aborts: ['deadlock', 'serialization failure'] },
    },
    ...innodbWithoutSnapshots(
      byLevel(
        { aborts: ['deadlock'] },
        {
          aborts: ['deadlock'],
          why: 'two share the row, and each waits for the other to let go of it',
        },
        { aborts: ['deadlock'] },
      ),
    ),
    'mariadb with snapshot isolation': byLevel(
      { aborts: ['deadlock'] },
      {
        aborts: ['deadlock'],
        why: 'two share the row, and each waits for the other to let go of it',
      },
      { aborts: ['deadlock', 'serialization failure'] },
    ),
  },
  'purchase/missing-transaction': {
    ...everywhere(
      byLevel(
        { breaks: ['stock-conserved'] },
        { breaks: ['stock-conserved'] },
        { breaks: ['stock-conserved'], why: 'every statement is a transaction of its own' },
      ),
    ),
    postgres: byLevel(
      { breaks: ['stock-conserved'] },
      { breaks: ['stock-conserved'], inside: refusedInside },
      { breaks: ['stock-conserved'], inside: refusedInside },
    ),
  },
  'purchase/swallowed-error': {
    postgres: byLevel(
      { breaks: ['ok-has-its-purchase'] },
      { breaks: ['ok-has-its-purchase'], aborts: ['serialization failure'] },
      { breaks: ['ok-has-its-purchase'], aborts: ['serialization failure'] },
    ),
    ...innodbWithoutSnapshots(always({ breaks: ['ok-has-its-purchase'] })),
    'mariadb with snapshot isolation': byLevel(
      { breaks: ['ok-has-its-purchase'] },
      { breaks: ['ok-has-its-purchase'] },
      { breaks: ['ok-has-its-purchase'], aborts: ['serialization failure'] },
    ),
  },
  'purchase/lock-two-products': {
    postgres: byLevel(
      { aborts: ['deadlock'] },
      { aborts: ['deadlock', 'serialization failure'] },
      { aborts: ['deadlock', 'serialization failure'] },
    ),
    ...innodbWithoutSnapshots(always({ aborts: ['deadlock'] })),
    'mariadb with snapshot isolation': byLevel(
      { aborts: ['deadlock'] },
      { aborts: ['deadlock'] },
      { aborts: ['deadlock', 'serialization failure'] },
    ),
  },
  'purchase/lock-two-products-ordered': {
    postgres: byLevel(
      holds,
      { aborts: ['serialization failure'] },
      { aborts: ['serialization failure'] },
    ),
    ...innodbWithoutSnapshots(always(holds)),
    'mariadb with snapshot isolation': byLevel(holds, holds, { aborts: ['serialization failure'] }),
  },
  'purchase/optimistic-version': {
    postgres: byLevel(
      holds,
      { aborts: ['serialization failure'] },
      { aborts: ['serialization failure'] },
    ),
    ...innodbWithoutSnapshots({
      'read-uncommitted': { why: 'all that was read is in the row that has the version' },
      'read-committed': holds,
      'repeatable-read': holds,
      serializable: { aborts: ['deadlock'] },
    }),
    'mariadb with snapshot isolation': byLevel(
      holds,
      { aborts: ['serialization failure'] },
      { aborts: ['deadlock', 'serialization failure'] },
    ),
  },
  'purchase/optimistic-stock': {
    postgres: byLevel(
      holds,
      { aborts: ['serialization failure'] },
      { aborts: ['serialization failure'] },
    ),
    ...innodbWithoutSnapshots(byLevel(holds, holds, { aborts: ['deadlock'] })),
    'mariadb with snapshot isolation': byLevel(
      holds,
      { aborts: ['serialization failure'] },
      { aborts: ['deadlock', 'serialization failure'] },
    ),
  },
  'purchase/repeatable-read-retry': {
    postgres: byLevel(
      holds,
      {
        aborts: ['serialization failure'],
        why: 'a second update of a row that changed since the snapshot is refused',
      },
      { aborts: ['serialization failure'] },
    ),
    ...innodbWithoutSnapshots(
      byLevel(
        { breaks: ['stock-conserved'] },
        {
          breaks: ['stock-conserved'],
          why: 'the UPDATE acts on the newest row, whatever the snapshot shows',
        },
        { breaks: ['stock-conserved'] },
      ),
    ),
    'mariadb with snapshot isolation': byLevel(
      holds,
      { why: 'a second update of a row that changed since the snapshot is refused' },
      { aborts: ['serialization failure'] },
    ),
  },
  'purchase/serializable-retry': {
    postgres: byLevel(
      holds,
      { aborts: ['serialization failure'] },
      { aborts: ['serialization failure'] },
    ),
    ...innodbWithoutSnapshots(always({ abortsOnSomeVersions: ['deadlock'] })),
    'mariadb with snapshot isolation': byLevel(
      { abortsOnSomeVersions: ['deadlock'] },
      { abortsOnSomeVersions: ['deadlock'] },
      { aborts: ['serialization failure'], abortsOnSomeVersions: ['deadlock'] },
    ),
  },
  'purchase/stale-retry': {
    postgres: byLevel(
      { breaks: ['stock-conserved'] },
      { breaks: ['stock-conserved'], aborts: ['serialization failure'] },
      {
        breaks: ['stock-conserved'],
        aborts: ['serialization failure'],
        why: 'the retry goes on with what the refused attempt has read',
      },
    ),
    ...innodbWithoutSnapshots(
      byLevel(
        { breaks: ['stock-conserved'], abortsOnSomeVersions: ['deadlock'] },
        { breaks: ['stock-conserved'], abortsOnSomeVersions: ['deadlock'] },
        {
          breaks: ['stock-conserved'],
          why: 'the retry goes on with what the refused attempt has read',
          abortsOnSomeVersions: ['deadlock'],
        },
      ),
    ),
    'mariadb with snapshot isolation': byLevel(
      { breaks: ['stock-conserved'], abortsOnSomeVersions: ['deadlock'] },
      { breaks: ['stock-conserved'], abortsOnSomeVersions: ['deadlock'] },
      {
        breaks: ['stock-conserved'],
        aborts: ['serialization failure'],
        why: 'the retry goes on with what the refused attempt has read',
        abortsOnSomeVersions: ['deadlock'],
      },
    ),
  },
  'purchase/advisory-lock': {
    postgres: byLevel(
      holds,
      {
        aborts: ['serialization failure'],
        why: 'a second update of a row that changed since the snapshot is refused',
      },
      { aborts: ['serialization failure'] },
    ),
    ...innodb(always(holds)),
  },
  'purchase/reservation': {
    postgres: byLevel(
      { aborts: ['conflict'] },
      { aborts: ['conflict', 'serialization failure'] },
      { aborts: ['conflict', 'serialization failure'] },
    ),
    ...innodbWithoutSnapshots(
      byLevel(
        { aborts: ['conflict'] },
        { aborts: ['conflict'] },
        { aborts: ['conflict', 'deadlock'] },
      ),
    ),
    'mariadb with snapshot isolation': byLevel(
      { aborts: ['conflict'] },
      { aborts: ['conflict', 'serialization failure'] },
      { aborts: ['conflict', 'deadlock', 'serialization failure'] },
    ),
  },
  'purchase/reservation-check-then-confirm': {
    postgres: byLevel(
      { breaks: ['stock-conserved'], aborts: ['conflict'] },
      {
        aborts: ['conflict', 'serialization failure'],
        why: 'of two who delete the reservation the second is refused',
      },
      {
        aborts: ['conflict', 'serialization failure'],
        why: 'a confirmation that is refused leaves its reservation behind',
        breaksRarely: ['stock-conserved'],
      },
    ),
    ...innodbWithoutSnapshots(
      byLevel(
        { breaks: ['stock-conserved'], aborts: ['conflict'] },
        {
          breaks: ['stock-conserved'],
          aborts: ['conflict'],
          why: 'both look before either deletes, and neither is refused',
        },
        { aborts: ['conflict', 'deadlock'], breaksRarely: ['stock-conserved'] },
      ),
    ),
    'mariadb with snapshot isolation': byLevel(
      { breaks: ['stock-conserved'], aborts: ['conflict'] },
      {
        aborts: ['conflict', 'serialization failure'],
        why: 'of two who delete the reservation the second is refused',
      },
      {
        aborts: ['conflict', 'deadlock', 'serialization failure'],
        breaksRarely: ['stock-conserved'],
      },
    ),
  },
  'purchase/order-then-decrement': {
    ...everywhere(always(holds)),
    postgres: byLevel(
      holds,
      { inside: refusedInside },
      {
        // Found in one of 91,000 schedules of all strategies: what is bought stays when each attempt to
        // delete it is refused.
        inside: { ...refusedInside, breaksRarely: ['stock-conserved', 'ok-has-its-purchase'] },
      },
    ),
  },
  'purchase/unfenced-lease': {
    ...innodb(
      always({
        ...unfencedLease,
        // Who removes the lease by its product and who does by its number lock its entries in opposite
        // order, and what was bought stays when the removal of the lease is refused.
        inside: { breaksRarely: ['ok-has-its-purchase'] },
      }),
    ),
    postgres: byLevel(
      unfencedLease,
      { ...unfencedLease, inside: { ...refusedInside, breaksRarely: ['ok-has-its-purchase'] } },
      {
        ...unfencedLease,
        inside: { ...refusedInside, breaks: ['ok-has-its-purchase'] },
        why: 'what was bought stays when the removal of the lease is refused',
      },
    ),
  },
  // Where nothing goes wrong but what others do: for the rest, see `faults.props.ts`.
  'purchase/naive-retry': lockedFirst,
  'purchase/idempotency-key': lockedFirst,
  'purchase/request-table': lockedFirst,
} satisfies Readonly<Record<Extract<StrategyId, `purchase/${string}`>, Expectations>>
