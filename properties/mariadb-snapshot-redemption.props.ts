import { describePlatform } from './describe-cells.ts'

describePlatform('mariadb with snapshot isolation', ['redemption', 'checkout'])
