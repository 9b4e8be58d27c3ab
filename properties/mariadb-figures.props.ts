import { describeFigures } from './describe-figures.ts'

describeFigures('mariadb')
