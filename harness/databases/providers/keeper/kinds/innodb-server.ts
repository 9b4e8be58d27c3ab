/** What MySQL and MariaDB have in common. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { EngineName } from '../../../engine-name.ts'
import type { Address } from '../address.ts'
import { inside } from '../folder.ts'
import { superuser, type ServerKind, type Site } from '../kind.ts'

type Name = Extract<EngineName, 'mysql' | 'mariadb'>

const socketName = 'mysql.sock'

/** The parts of a kind in which the two do not differ. */
export const innodbServer = (name: Name) =>
  ({
    name,
    accounts: ['mysql', 'nobody'],
    socketName,
    programs: (server: string) => [server],
    isReady: (folder: string) => readLog(folder).includes('ready for connections'),
    url: (address: Address, password: string) => url(name, address, password),
    isPartOf: (folder: string, command: string) =>
      /\/(mysqld|mariadbd) /.test(command) && command.includes(` ${dataArgument(folder)} `),
  }) satisfies Partial<ServerKind>

/** Statements for a secret file. Each is on one line, as these files want it. */
export const createSuperuser = (password: string): string =>
  [
    // From any host, because without name resolution `localhost` is not who comes by TCP.
    `CREATE USER '${superuser}'@'%' IDENTIFIED BY '${password}';`,
    `GRANT ALL PRIVILEGES ON *.* TO '${superuser}'@'%' WITH GRANT OPTION;`,
    '',
  ].join('\n')

/** The arguments for all that works on a server's data. Where one is given twice, the later counts. */
export function dataArguments(site: Site, settings: readonly string[]): string[] {
  return [
    // Has to come first: no configuration file of the machine's has a say.
    '--no-defaults',
    dataArgument(site.folder),
    `--tmpdir=${site.folder}`,
    `--pid-file=${join(site.folder, 'server.pid')}`,
    // Nothing waits for the disk.
    ...(site.durable ? [] : ['--innodb-flush-method=nosync']),
    // There is a limit on how many servers may use the system's own.
    '--innodb-use-native-aio=OFF',
    '--innodb-buffer-pool-dump-at-shutdown=OFF',
    '--innodb-buffer-pool-load-at-startup=OFF',
    ...settings,
    ...Object.entries(site.settings).map(([name, value]) => `--${name}=${value}`),
  ]
}

const dataArgument = (folder: string): string => `--datadir=${inside(folder).data}`

/** The arguments that make a server listen there and for nobody from outside this machine. */
export function listenArguments(address: Address): string[] {
  if (address.folder !== undefined) {
    return ['--skip-networking', `--socket=${join(address.folder, socketName)}`]
  }
  return [
    '--bind-address=127.0.0.1',
    `--port=${address.port}`,
    // There is always a socket. Relative to the data folder, its path is never too long.
    `--socket=${socketName}`,
  ]
}

function url(name: Name, address: Address, password: string): string {
  const login = `${name}://${superuser}:${password}`
  if (address.folder === undefined) return `${login}@127.0.0.1:${address.port}/`
  const path = encodeURIComponent(join(address.folder, socketName))
  return `${login}@localhost/?socketPath=${path}`
}

function readLog(folder: string): string {
  try {
    return readFileSync(inside(folder).log, 'utf8')
  } catch {
    return ''
  }
}
