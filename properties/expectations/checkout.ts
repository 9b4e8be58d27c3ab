import type { StrategyId } from '../../strategies/index.ts'
import { always, byLevel, holds, innodbWithoutSnapshots, type Expectations } from './expectation.ts'

/** Both races of a coupon: the same user twice, and more users than the cap allows. */
const twiceAndOverCap = ['one-redemption-per-user', 'redemptions-within-cap']

/** What becomes of the strategies of workload `checkout`. */
export const checkout = {
  'checkout/check-both': {
    postgres: byLevel(
      { breaks: ['one-redemption-per-user', 'redemptions-within-cap', 'stock-never-negative'] },
      {
        breaks: twiceAndOverCap,
        aborts: ['serialization failure'],
        why: 'refused only where both update the same product',
      },
      { aborts: ['serialization failure'] },
    ),
    ...innodbWithoutSnapshots(
      byLevel(
        { breaks: ['one-redemption-per-user', 'redemptions-within-cap', 'stock-never-negative'] },
        { breaks: ['one-redemption-per-user', 'redemptions-within-cap', 'stock-never-negative'] },
        { aborts: ['deadlock'] },
      ),
    ),
    'mariadb with snapshot isolation': byLevel(
      { breaks: ['one-redemption-per-user', 'redemptions-within-cap', 'stock-never-negative'] },
      {
        breaks: twiceAndOverCap,
        aborts: ['serialization failure'],
        why: 'refused only where both update the same product',
      },
      { aborts: ['deadlock', 'serialization failure'] },
    ),
  },
  'checkout/lock-both': {
    postgres: byLevel(
      holds,
      {
        breaks: twiceAndOverCap,
        aborts: ['serialization failure'],
        why: 'the snapshot is older than the lock that was waited for',
      },
      { aborts: ['serialization failure'] },
    ),
    ...innodbWithoutSnapshots(always(holds)),
    'mariadb with snapshot isolation': byLevel(holds, holds, { aborts: ['serialization failure'] }),
  },
} satisfies Readonly<Record<Extract<StrategyId, `checkout/${string}`>, Expectations>>
