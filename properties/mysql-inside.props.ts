import { describeInside } from './describe-inside.ts'

describeInside('mysql')
