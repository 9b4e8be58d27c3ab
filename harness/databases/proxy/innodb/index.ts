import type { WireProtocol } from '../wire.ts'
import { InnodbFollower } from './follower.ts'
import { innodbRefusal } from './refusal.ts'

/**
 * The protocol of MySQL and MariaDB, from version 4.1 on.
 * Sources: MySQL Internals Manual, chapter "MySQL Client/Server Protocol"
 * (dev.mysql.com/doc/dev/mysql-server, "Client/Server Protocol"); MariaDB manual, "Client/Server Protocol".
 */
export const innodbWire: WireProtocol = {
  follow: (limits) => new InnodbFollower(limits),
  refusal: innodbRefusal,
  socketName: 'mysql.sock',
}
