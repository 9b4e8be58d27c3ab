import { describeInnodbLaws } from '../../../testing/innodb-laws.ts'
import { mysql } from './index.ts'

await describeInnodbLaws(mysql, { provider: 'container' })
