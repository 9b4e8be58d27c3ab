import { describeChanged } from './describe-changed.ts'

describeChanged('mariadb with snapshot isolation')
