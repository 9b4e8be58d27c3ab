import type { StrategyId } from '../../strategies/index.ts'
import { always, byLevel, everywhere, holds, type Expectations } from './expectation.ts'

/** What becomes of the strategies of workload `purchase`. */
export const purchase = {
  'purchase/check-then-decrement': {
    postgres: byLevel(
      { breaks: ['stock-never-negative'] },
      { aborts: ['serialization failure'] },
      { aborts: ['serialization failure'] },
    ),
    mysql: always(holds),
    mariadb: byLevel(
      { breaks: ['stock-never-negative'] },
      { breaks: ['stock-never-negative'] },
      { aborts: ['deadlock'] },
    ),
    'mariadb with snapshot isolation': byLevel(
      { breaks: ['stock-never-negative'] },
      { aborts: ['serialization failure'] },
      holds,
    ),
  },
  'purchase/read-modify-write': {
    postgres: byLevel(
      { breaks: ['stock-conserved'] },
      { aborts: ['serialization failure'] },
      { aborts: ['serialization failure'] },
    ),
    mysql: always(holds),
    mariadb: byLevel(
      { breaks: ['stock-conserved'] },
      { breaks: ['stock-conserved'] },
      { aborts: ['deadlock'] },
    ),
    'mariadb with snapshot isolation': byLevel(
      { breaks: ['stock-conserved'] },
      { aborts: ['serialization failure'] },
      holds,
    ),
  },
  'purchase/conditional-update': {
    postgres: byLevel(
      holds,
      { aborts: ['serialization failure'] },
      { aborts: ['serialization failure'] },
    ),
    mysql: always(holds),
    mariadb: always(holds),
    'mariadb with snapshot isolation': always(holds),
  },
  'purchase/check-constraint': {
    postgres: byLevel(
      holds,
      { aborts: ['serialization failure'] },
      { aborts: ['serialization failure'] },
    ),
    mysql: always(holds),
    mariadb: always(holds),
    'mariadb with snapshot isolation': always(holds),
  },
  'purchase/select-for-update': {
    postgres: byLevel(
      holds,
      { aborts: ['serialization failure'] },
      { aborts: ['serialization failure'] },
    ),
    mysql: always(holds),
    mariadb: always(holds),
    'mariadb with snapshot isolation': always(holds),
  },
  'purchase/select-for-update-nowait': {
    postgres: byLevel(
      { aborts: ['lock timeout'] },
      { aborts: ['lock timeout', 'serialization failure'] },
      { aborts: ['lock timeout', 'serialization failure'] },
    ),
    mysql: always(holds),
    mariadb: always({ aborts: ['lock timeout'] }),
    'mariadb with snapshot isolation': byLevel(
      { aborts: ['lock timeout'] },
      { aborts: ['lock timeout'] },
      holds,
    ),
  },
  'purchase/skip-locked': {
    postgres: byLevel(
      holds,
      { aborts: ['serialization failure'] },
      { aborts: ['serialization failure'] },
    ),
    mysql: always(holds),
    mariadb: always(holds),
    'mariadb with snapshot isolation': always(holds),
  },
  'purchase/for-share-then-update': {
    postgres: byLevel(
      { aborts: ['deadlock'] },
      { aborts: ['deadlock', 'serialization failure'] },
      { aborts: ['deadlock', 'serialization failure'] },
    ),
    mysql: always(holds),
    mariadb: always({ aborts: ['deadlock'] }),
    'mariadb with snapshot isolation': byLevel(
      { aborts: ['deadlock'] },
      { aborts: ['deadlock'] },
      holds,
    ),
  },
  'purchase/missing-transaction': {
    postgres: always({ breaks: ['stock-conserved'] }),
    mysql: always(holds),
    mariadb: always({ breaks: ['stock-conserved'] }),
    'mariadb with snapshot isolation': byLevel(
      { breaks: ['stock-conserved'] },
      { breaks: ['stock-conserved'] },
      holds,
    ),
  },
  'purchase/swallowed-error': {
    postgres: byLevel(
      { breaks: ['ok-has-its-purchase'] },
      { breaks: ['ok-has-its-purchase'], aborts: ['serialization failure'] },
      { breaks: ['ok-has-its-purchase'], aborts: ['serialization failure'] },
    ),
    mysql: always(holds),
    mariadb: always({ breaks: ['ok-has-its-purchase'] }),
    'mariadb with snapshot isolation': byLevel(
      { breaks: ['ok-has-its-purchase'] },
      { breaks: ['ok-has-its-purchase'] },
      holds,
    ),
  },
  'purchase/lock-two-products': {
    postgres: byLevel(
      holds,
      { aborts: ['serialization failure'] },
      { aborts: ['serialization failure'] },
    ),
    mysql: always(holds),
    mariadb: always({ aborts: ['deadlock'] }),
    'mariadb with snapshot isolation': byLevel(
      { aborts: ['deadlock'] },
      { aborts: ['deadlock'] },
      holds,
    ),
  },
  'purchase/lock-two-products-ordered': {
    postgres: byLevel(
      holds,
      { aborts: ['serialization failure'] },
      { aborts: ['serialization failure'] },
    ),
    mysql: always(holds),
    mariadb: always(holds),
    'mariadb with snapshot isolation': always(holds),
  },
  'purchase/optimistic-version': {
    postgres: byLevel(
      holds,
      { aborts: ['serialization failure'] },
      { aborts: ['serialization failure'] },
    ),
    mysql: always(holds),
    mariadb: byLevel(holds, holds, { aborts: ['deadlock'] }),
    'mariadb with snapshot isolation': byLevel(holds, { aborts: ['serialization failure'] }, holds),
  },
  'purchase/optimistic-stock': {
    postgres: byLevel(
      holds,
      { aborts: ['serialization failure'] },
      { aborts: ['serialization failure'] },
    ),
    mysql: always(holds),
    mariadb: byLevel(holds, holds, { aborts: ['deadlock'] }),
    'mariadb with snapshot isolation': byLevel(holds, { aborts: ['serialization failure'] }, holds),
  },
  'purchase/repeatable-read-retry': {
    postgres: byLevel(
      holds,
      { aborts: ['serialization failure'] },
      { aborts: ['serialization failure'] },
    ),
    mysql: always(holds),
    mariadb: always({ breaks: ['stock-conserved'] }),
    'mariadb with snapshot isolation': always(holds),
  },
  'purchase/serializable-retry': {
    postgres: byLevel(
      holds,
      { aborts: ['serialization failure'] },
      { aborts: ['serialization failure'] },
    ),
    mysql: always(holds),
    mariadb: always(holds),
    'mariadb with snapshot isolation': always(holds),
  },
  'purchase/stale-retry': {
    postgres: byLevel(
      { breaks: ['stock-conserved'] },
      { breaks: ['stock-conserved'], aborts: ['serialization failure'] },
      { breaks: ['stock-conserved'], aborts: ['serialization failure'] },
    ),
    mysql: always(holds),
    mariadb: always({ breaks: ['stock-conserved'] }),
    'mariadb with snapshot isolation': byLevel(
      { breaks: ['stock-conserved'] },
      { breaks: ['stock-conserved'] },
      holds,
    ),
  },
  'purchase/advisory-lock': {
    postgres: byLevel(
      holds,
      { aborts: ['serialization failure'] },
      { aborts: ['serialization failure'] },
    ),
    mysql: always(holds),
    mariadb: always(holds),
    'mariadb with snapshot isolation': always(holds),
  },
  'purchase/reservation': {
    postgres: byLevel(
      { aborts: ['conflict'] },
      { aborts: ['conflict', 'serialization failure'] },
      { aborts: ['conflict', 'serialization failure'] },
    ),
    mysql: always(holds),
    mariadb: byLevel(
      { aborts: ['conflict'] },
      { aborts: ['conflict'] },
      { aborts: ['conflict', 'deadlock'] },
    ),
    'mariadb with snapshot isolation': byLevel(
      { aborts: ['conflict'] },
      { aborts: ['conflict', 'serialization failure'] },
      holds,
    ),
  },
  'purchase/reservation-check-then-confirm': {
    postgres: byLevel(
      { breaks: ['stock-conserved'], aborts: ['conflict'] },
      { aborts: ['conflict', 'serialization failure'] },
      { breaks: ['stock-conserved'], aborts: ['conflict', 'serialization failure'] },
    ),
    mysql: always(holds),
    mariadb: byLevel(
      { breaks: ['stock-conserved'], aborts: ['conflict'] },
      { breaks: ['stock-conserved'], aborts: ['conflict'] },
      { aborts: ['conflict', 'deadlock'] },
    ),
    'mariadb with snapshot isolation': byLevel(
      { breaks: ['stock-conserved'], aborts: ['conflict'] },
      { aborts: ['conflict', 'serialization failure'] },
      holds,
    ),
  },
  'purchase/order-then-decrement': everywhere(always(holds)),
} satisfies Readonly<Record<Extract<StrategyId, `purchase/${string}`>, Expectations>>
