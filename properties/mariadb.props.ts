import { describeFigures } from './describe-figures.ts'
import { describePlatform } from './describe-cells.ts'

describeFigures('mariadb')
describePlatform('mariadb')
