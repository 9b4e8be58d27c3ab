import { describePlatform } from './describe-cells.ts'

describePlatform('mariadb', ['purchase'])
