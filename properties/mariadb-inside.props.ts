import { describeInside } from './describe-inside.ts'

describeInside('mariadb')
