import type { AnyWorkload } from '../workload.ts'
import { checkout } from './checkout.ts'
import { purchase } from './purchase.ts'
import { redemption } from './redemption.ts'

/** The workloads to choose from, by name. */
export const workloads: readonly AnyWorkload[] = [redemption, purchase, checkout]
