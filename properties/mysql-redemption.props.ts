import { describePlatform } from './describe-cells.ts'

describePlatform('mysql', ['redemption', 'checkout'])
