import { describeStrategies } from './describe-strategies.ts'

describeStrategies('checkout')
