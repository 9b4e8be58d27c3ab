import { describeChanged } from './describe-changed.ts'

describeChanged('mysql')
