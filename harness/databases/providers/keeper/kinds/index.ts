import type { EngineName } from '../../../engine-name.ts'
import type { ServerKind } from '../kind.ts'
import { mariadb } from './mariadb.ts'
import { mysql } from './mysql.ts'
import { postgres } from './postgres.ts'

/** The database systems whose servers a keeper can start. */
export const kinds: Readonly<Record<EngineName, ServerKind>> = { postgres, mysql, mariadb }
