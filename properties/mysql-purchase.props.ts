import { describePlatform } from './describe-cells.ts'

describePlatform('mysql', ['purchase'])
