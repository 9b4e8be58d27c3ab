import { describeChanged } from './describe-changed.ts'

describeChanged('postgres')
