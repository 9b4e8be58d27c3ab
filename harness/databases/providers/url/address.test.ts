import { describe, expect, test } from 'vitest'
import { UsageError } from '../../../errors.ts'
import { parseServerUrl } from './address.ts'

const source = "The server's URL"

describe('a URL', () => {
  test.for([
    ['postgres', 'postgres://me:pw@db.example:5433/x', 'db.example:5433'],
    ['postgres', 'postgresql://me@db.example/x', 'db.example:5432'],
    ['postgres', 'postgres://me@localhost/x?host=%2Ftmp%2Fa%20b', '/tmp/a b'],
    ['mysql', 'mysql://me:p%40w@[::1]/', '[::1]:3306'],
    ['mysql', 'mysql://me@localhost/?socketPath=%2Ftmp%2Fmy.sock', '/tmp/my.sock'],
    ['mariadb', 'mariadb://me@db.example', 'db.example:3306'],
  ] as const)('for %s: %s', ([engine, url, place]) => {
    expect(parseServerUrl(engine, url, source)).toEqual({ url, place })
  })

  test('of a MariaDB may have MySQL’s scheme, which does not stay', () => {
    const { url } = parseServerUrl('mariadb', 'mysql://me:mysql:@db.example/x', source)
    expect(url).toBe('mariadb://me:mysql:@db.example/x')
  })
})

describe('what is no URL of the engine is refused without its password', () => {
  const encode = 'with special characters of the password percent-encoded.'

  test.for([
    [
      'postgres',
      'me:secret@db.example/x',
      `${source} begins with "me:": write postgres://user:password@host:5432/postgres.`,
    ],
    [
      'postgres',
      'secret',
      `${source} cannot be read: write postgres://user:password@host:5432/postgres, ${encode}`,
    ],
    [
      'postgres',
      'postgres://me:secret%@db.example/x',
      `${source} cannot be read: write postgres://user:password@host:5432/postgres, ${encode}`,
    ],
    [
      'mysql',
      'mysql://me:sec/ret@db.example:3306/',
      `${source} cannot be read: write mysql://user:password@host:3306/, ${encode}`,
    ],
    [
      'mysql',
      'postgresql://me:secret@db.example/',
      `${source} begins with "postgresql:": write mysql://user:password@host:3306/, or choose --database postgres.`,
    ],
    [
      'postgres',
      'mysql://me:secret@db.example/',
      `${source} begins with "mysql:": write postgres://user:password@host:5432/postgres, or choose --database mysql.`,
    ],
    [
      'mysql',
      'mariadb://me:secret@db.example/',
      `${source} begins with "mariadb:": write mysql://user:password@host:3306/, or choose --database mariadb.`,
    ],
    [
      'mariadb',
      'mongodb://me:secret@db.example/',
      `${source} begins with "mongodb:": write mariadb://user:password@host:3306/.`,
    ],
  ] as const)('%s: %s', ([engine, text, sentence]) => {
    expect(() => parseServerUrl(engine, text, source)).toThrow(new UsageError(sentence))
    expect(sentence).not.toContain('secret')
  })
})
