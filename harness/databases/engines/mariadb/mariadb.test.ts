import { describeInnodbLaws } from '../../../testing/innodb-laws.ts'
import { mariadb } from './index.ts'

await describeInnodbLaws(mariadb, { provider: 'local' })
await describeInnodbLaws(mariadb, { provider: 'container' })
