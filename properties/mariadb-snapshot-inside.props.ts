import { describeInside } from './describe-inside.ts'

// Snapshot isolation changes nothing below repeatable read.
describeInside('mariadb with snapshot isolation', ['repeatable-read', 'serializable'])
