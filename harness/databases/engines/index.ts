import type { Engine } from '../engine.ts'
import { postgres } from './postgres/index.ts'

/** The engines that can be chosen, by name. */
export const engines: readonly Engine[] = [postgres]
