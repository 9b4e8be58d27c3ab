import type { StrategyId } from '../../strategies/index.ts'
import { always, byLevel, everywhere, holds, type Expectations } from './expectation.ts'

/** Both races of a coupon: the same user twice, and more users than the cap allows. */
const twiceAndOverCap = ['one-redemption-per-user', 'redemptions-within-cap']

/** What becomes of the strategies of workload `redemption`. */
export const redemption = {
  'redemption/check-then-insert': {
    postgres: byLevel(
      { breaks: twiceAndOverCap },
      { breaks: twiceAndOverCap },
      { aborts: ['serialization failure'] },
    ),
    mysql: always(holds),
    mariadb: byLevel(
      { breaks: twiceAndOverCap },
      { breaks: twiceAndOverCap },
      { aborts: ['deadlock'] },
    ),
    'mariadb with snapshot isolation': byLevel(
      { breaks: twiceAndOverCap },
      { breaks: twiceAndOverCap },
      holds,
    ),
  },
  'redemption/autocommit': {
    postgres: always({ breaks: twiceAndOverCap }),
    mysql: always(holds),
    mariadb: always({ breaks: twiceAndOverCap }),
    'mariadb with snapshot isolation': byLevel(
      { breaks: twiceAndOverCap },
      { breaks: twiceAndOverCap },
      holds,
    ),
  },
  'redemption/insert-where-not-exists': {
    postgres: byLevel(
      { breaks: twiceAndOverCap },
      { breaks: twiceAndOverCap },
      { aborts: ['serialization failure'] },
    ),
    mysql: always(holds),
    mariadb: {
      'read-uncommitted': holds,
      'read-committed': { breaks: twiceAndOverCap },
      'repeatable-read': holds,
      serializable: holds,
    },
    'mariadb with snapshot isolation': {
      'read-uncommitted': holds,
      'read-committed': { breaks: twiceAndOverCap },
      'repeatable-read': holds,
      serializable: holds,
    },
  },
  'redemption/unique-constraint': {
    postgres: always(holds),
    mysql: always(holds),
    mariadb: always(holds),
    'mariadb with snapshot isolation': byLevel(holds, { aborts: ['serialization failure'] }, holds),
  },
  'redemption/insert-ignore': {
    postgres: byLevel(
      holds,
      { aborts: ['serialization failure'] },
      { aborts: ['serialization failure'] },
    ),
    mysql: always(holds),
    mariadb: always(holds),
    'mariadb with snapshot isolation': byLevel(holds, { aborts: ['serialization failure'] }, holds),
  },
  'redemption/upsert': {
    postgres: byLevel(
      holds,
      { aborts: ['serialization failure'] },
      { aborts: ['serialization failure'] },
    ),
    mysql: always(holds),
    mariadb: always(holds),
    'mariadb with snapshot isolation': byLevel(holds, { aborts: ['serialization failure'] }, holds),
  },
  'redemption/cap-counter': {
    postgres: byLevel(
      holds,
      { aborts: ['serialization failure'] },
      { aborts: ['serialization failure'] },
    ),
    mysql: always(holds),
    mariadb: always(holds),
    'mariadb with snapshot isolation': always(holds),
  },
  'redemption/select-for-update': {
    postgres: byLevel(holds, { breaks: twiceAndOverCap }, { aborts: ['serialization failure'] }),
    mysql: always(holds),
    mariadb: always(holds),
    'mariadb with snapshot isolation': always(holds),
  },
  'redemption/select-for-update-after-read': {
    postgres: byLevel(
      holds,
      { breaks: twiceAndOverCap, aborts: ['serialization failure'] },
      { aborts: ['serialization failure'] },
    ),
    mysql: always(holds),
    mariadb: byLevel(holds, { breaks: twiceAndOverCap }, { aborts: ['deadlock'] }),
    'mariadb with snapshot isolation': byLevel(
      holds,
      { breaks: twiceAndOverCap, aborts: ['serialization failure'] },
      holds,
    ),
  },
  'redemption/for-share-then-insert': {
    postgres: byLevel(
      { breaks: twiceAndOverCap },
      { breaks: twiceAndOverCap },
      { aborts: ['serialization failure'] },
    ),
    mysql: always(holds),
    mariadb: byLevel(
      { breaks: twiceAndOverCap },
      { breaks: twiceAndOverCap },
      { aborts: ['deadlock'] },
    ),
    'mariadb with snapshot isolation': byLevel(
      { breaks: twiceAndOverCap },
      { breaks: twiceAndOverCap },
      holds,
    ),
  },
  'redemption/lock-missing-row': {
    postgres: byLevel(
      { breaks: twiceAndOverCap },
      { breaks: twiceAndOverCap },
      { aborts: ['serialization failure'] },
    ),
    mysql: always(holds),
    mariadb: byLevel(
      { breaks: twiceAndOverCap },
      { breaks: ['redemptions-within-cap'], aborts: ['deadlock'] },
      { aborts: ['deadlock'] },
    ),
    'mariadb with snapshot isolation': byLevel(
      { breaks: twiceAndOverCap },
      { breaks: ['redemptions-within-cap'], aborts: ['deadlock', 'serialization failure'] },
      holds,
    ),
  },
  'redemption/lock-on-other-connection': {
    postgres: byLevel(
      { breaks: twiceAndOverCap },
      { breaks: twiceAndOverCap },
      { aborts: ['serialization failure'] },
    ),
    mysql: always(holds),
    mariadb: byLevel(
      { breaks: twiceAndOverCap },
      { breaks: twiceAndOverCap },
      { aborts: ['deadlock'] },
    ),
    'mariadb with snapshot isolation': byLevel(
      { breaks: twiceAndOverCap },
      { breaks: twiceAndOverCap },
      holds,
    ),
  },
  'redemption/optimistic-version': {
    postgres: byLevel(
      holds,
      { aborts: ['serialization failure'] },
      { aborts: ['serialization failure'] },
    ),
    mysql: always(holds),
    mariadb: {
      'read-uncommitted': { breaks: twiceAndOverCap },
      'read-committed': holds,
      'repeatable-read': holds,
      serializable: { aborts: ['deadlock'] },
    },
    'mariadb with snapshot isolation': {
      'read-uncommitted': { breaks: twiceAndOverCap },
      'read-committed': holds,
      'repeatable-read': { aborts: ['serialization failure'] },
      serializable: holds,
    },
  },
  'redemption/serializable-retry': everywhere(always(holds)),
  'redemption/advisory-lock': {
    postgres: byLevel(holds, { breaks: twiceAndOverCap }, { aborts: ['serialization failure'] }),
    mysql: always(holds),
    mariadb: always(holds),
    'mariadb with snapshot isolation': always(holds),
  },
  'redemption/advisory-lock-released-early': {
    postgres: byLevel(
      { breaks: twiceAndOverCap },
      { breaks: twiceAndOverCap },
      { aborts: ['serialization failure'] },
    ),
    mysql: always(holds),
    mariadb: {
      'read-uncommitted': holds,
      'read-committed': { breaks: twiceAndOverCap },
      'repeatable-read': { breaks: twiceAndOverCap },
      serializable: holds,
    },
    'mariadb with snapshot isolation': {
      'read-uncommitted': holds,
      'read-committed': { breaks: twiceAndOverCap },
      'repeatable-read': { breaks: twiceAndOverCap },
      serializable: holds,
    },
  },
  'redemption/app-mutex': {
    postgres: byLevel(
      { breaks: twiceAndOverCap },
      { breaks: twiceAndOverCap },
      { aborts: ['serialization failure'] },
    ),
    mysql: always(holds),
    mariadb: byLevel(
      { breaks: twiceAndOverCap },
      { breaks: twiceAndOverCap },
      { aborts: ['deadlock'] },
    ),
    'mariadb with snapshot isolation': byLevel(
      { breaks: twiceAndOverCap },
      { breaks: twiceAndOverCap },
      holds,
    ),
  },
} satisfies Readonly<Record<Extract<StrategyId, `redemption/${string}`>, Expectations>>
