import { mysqlArguments } from '../../settings/mysql.ts'
import { inside } from '../folder.ts'
import type { ServerKind, Site } from '../kind.ts'
import { createSuperuser, dataArguments, innodbServer, listenArguments } from './innodb-server.ts'

/** MySQL, from 8.0 on. Source: MySQL manual, 2.9.1 "Initializing the Data Directory". */
export const mysql: ServerKind = {
  ...innodbServer('mysql'),
  title: 'MySQL',
  secret: (_, password) => `${createSuperuser(password)}DROP USER 'root'@'localhost';\n`,

  initialise: (site) => ({
    program: site.server,
    parameters: [
      ...dataArguments(site, settings(site)),
      // `root` has no password until the file has been read, and nobody can connect before that.
      '--initialize-insecure',
      `--init-file=${inside(site.folder).secret}`,
    ],
  }),

  serve: (site, address) => ({
    program: site.server,
    parameters: [...dataArguments(site, settings(site)), ...listenArguments(address)],
  }),
}

const settings = ({ durable }: Site): string[] => [
  ...mysqlArguments({ durable }),
  // With less, making the system tables waits for room in the log.
  '--innodb-redo-log-capacity=64M',
  // The default is a folder that only an installed server has.
  '--secure-file-priv=NULL',
]
