import { describePlatform } from './describe-cells.ts'

describePlatform('postgres', ['redemption', 'checkout'])
