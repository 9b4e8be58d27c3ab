import { testStrategy, workloadLaws } from 'lockstep/vitest'
import checkThenBook from './strategies/check-then-book.ts'
import lockThenBook from './strategies/lock-then-book.ts'
import { booking } from './workloads/booking.ts'

workloadLaws(booking)

// Known to be unsafe: the test fails if that is not found out. Say 'holds' to see how it breaks.
testStrategy(checkThenBook, { file: 'strategies/check-then-book.ts', expect: 'violated' })

testStrategy(lockThenBook, {
  file: 'strategies/lock-then-book.ts',
  expect: 'holds',
  isolation: 'all',
  schedules: 100,
})
