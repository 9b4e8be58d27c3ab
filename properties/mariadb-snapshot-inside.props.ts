import { describeInside } from './describe-inside.ts'

describeInside('mariadb with snapshot isolation')
