import { describeInside } from './describe-inside.ts'

describeInside('postgres')
