import type { Engine } from '../engine.ts'
import { mariadb } from './mariadb/index.ts'
import { mysql } from './mysql/index.ts'
import { postgres } from './postgres/index.ts'

/** The engines that can be chosen, by name. */
export const engines: readonly Engine[] = [postgres, mysql, mariadb]
