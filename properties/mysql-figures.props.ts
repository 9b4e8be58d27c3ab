import { describeFigures } from './describe-figures.ts'

describeFigures('mysql')
