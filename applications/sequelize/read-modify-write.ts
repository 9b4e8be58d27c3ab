import { defineApplication, purchase } from '../../harness/index.ts'
import { buy } from './buy.ts'
import { connect, schema } from './database.ts'

/** Two buyers who read the same stock overwrite each other: the lost update. */
export default defineApplication({
  name: 'sequelize-read-modify-write',
  workload: purchase,
  summary: 'Sequelize: reads the product, and saves it with what is left.',
  schema,
  actors: 'own',
  start: connect,
  stop: ({ sequelize }) => sequelize.close(),
  execute: (shop, command) =>
    shop.sequelize.transaction((transaction) => buy(shop, command, transaction)),
})
