import { BaseError, Transaction } from 'sequelize'
import { defineApplication, purchase } from '../../harness/index.ts'
import { buy } from './buy.ts'
import { connect, schema } from './database.ts'

/** The same code, but serializable: the database refuses one of the two, and it is tried again. */
export default defineApplication({
  name: 'sequelize-serializable-retry',
  workload: purchase,
  summary: 'Sequelize: the same in a serializable transaction, which is tried again when refused.',
  schema,
  actors: 'own',
  start: connect,
  stop: ({ sequelize }) => sequelize.close(),
  async execute(shop, command, { attempts }) {
    const options = { isolationLevel: Transaction.ISOLATION_LEVELS.SERIALIZABLE }
    for (let left = attempts - 1; ; left--) {
      try {
        return await shop.sequelize.transaction(options, (transaction) =>
          buy(shop, command, transaction),
        )
      } catch (error) {
        if (left <= 0 || !isRetryable(error)) throw error
      }
    }
  },
})

/** PostgreSQL's serialization failure and deadlock; the deadlock of MySQL and MariaDB, and MariaDB's changed row. */
const retryable = new Set<unknown>(['40001', '40P01', 'ER_LOCK_DEADLOCK', 'ER_CHECKREAD'])

const isRetryable = (error: unknown): boolean =>
  error instanceof BaseError &&
  'original' in error &&
  error.original instanceof Error &&
  'code' in error.original &&
  retryable.has(error.original.code)
