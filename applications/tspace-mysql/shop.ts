import {
  defineApplication,
  purchase,
  startLines,
  type Lines,
  type Reply,
  type StartOptions,
  type Strategy,
} from '../../harness/index.ts'
import type { Variant } from './program.ts'

const id = ['ALTER TABLE purchase ADD COLUMN id INT AUTO_INCREMENT PRIMARY KEY']

/** The shop with one way to buy: a process of its own, asked on its standard input. */
export const defineShop = (name: Variant, summary: string): Strategy =>
  defineApplication({
    name: `tspace-mysql-${name}`,
    workload: purchase,
    summary: `tspace-mysql: ${summary}`,
    // MySQL and MariaDB alone.
    schema: { postgres: [], mysql: id, mariadb: id },
    engines: ['mysql', 'mariadb'],
    start: (options) => startShop(name, options),
    stop: (shop) => shop.stop(),
    execute: (shop, command) => shop.ask<Reply>(command),
  })

function startShop(variant: Variant, { url, actors }: StartOptions): Promise<Lines> {
  const { hostname, port, username, password, pathname } = new URL(url)
  return startLines({
    command: [process.execPath, 'program.ts', variant],
    cwd: import.meta.dirname,
    env: {
      DB_DRIVER: 'mysql2',
      DB_HOST: hostname,
      DB_PORT: port,
      DB_USERNAME: decodeURIComponent(username),
      DB_PASSWORD: decodeURIComponent(password),
      DB_DATABASE: decodeURIComponent(pathname.slice(1)),
      // Half of them are for transactions.
      DB_CONNECTION_LIMIT: String(2 * actors),
    },
  })
}
