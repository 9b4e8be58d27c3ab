import { describe, expect, test } from 'vitest'
import { engineNames } from '../databases/engine-name.ts'
import type { TransactionState } from '../databases/engine.ts'
import type { IsolationLevel } from '../databases/isolation.ts'
import { statement, type Row } from '../databases/statement.ts'
import type { ActorId, RunEvent } from '../history.ts'
import { ok } from '../reply.ts'
import type { Step } from '../session.ts'
import type { Setting } from './setting.ts'
import { TransitionReader, isDependent, type Transition } from './transitions.ts'

/** Writes down a history, one event after the other. */
class Script {
  readonly events: RunEvent[] = []
  #step = 0
  readonly #steps = new Map<ActorId, number>()

  sent(actor: ActorId, text: string, others: Partial<Step> = {}): this {
    this.#step += 1
    this.#steps.set(actor, this.#step)
    const request = { kind: 'statement', statement: statement([text]), ...others } as Step
    this.events.push({ kind: 'sent', actor, step: this.#step, request })
    return this
  }

  completed(actor: ActorId, transaction: TransactionState): this {
    return this.answered(actor, transaction, [{ a: 1 }])
  }

  answered(actor: ActorId, transaction: TransactionState, rows: readonly Row[]): this {
    return this.#add(actor, { kind: 'completed', rows, affectedRows: rows.length, transaction })
  }

  /** In grain `phase`, before the first row that it writes. */
  stopped(actor: ActorId, text: string): this {
    return this.#add(actor, {
      kind: 'parked',
      request: { kind: 'phase', statement: statement([text]) },
    })
  }

  failed(actor: ActorId, errorClass: string, transaction: TransactionState): this {
    return this.#add(actor, { kind: 'failed', error: { errorClass }, transaction })
  }

  /** Sent and completed, inside a transaction unless it ends one. */
  done(actor: ActorId, text: string, transaction?: TransactionState): this {
    const after = transaction ?? (/^(commit|rollback$)/i.test(text) ? 'none' : 'open')
    return this.sent(actor, text).completed(actor, after)
  }

  blocked(actor: ActorId): this {
    return this.#add(actor, { kind: 'blocked', by: [] })
  }

  unblocked(actor: ActorId): this {
    return this.#add(actor, { kind: 'unblocked' })
  }

  replied(actor: ActorId): this {
    return this.#add(actor, { kind: 'replied', command: 0, reply: ok() })
  }

  disconnected(actor: ActorId): this {
    return this.#add(actor, { kind: 'disconnected' })
  }

  shares(actor: ActorId, process: number): this {
    return this.#add(actor, { kind: 'shares', process })
  }

  #add(actor: ActorId, event: object): this {
    this.events.push({ actor, step: this.#steps.get(actor), ...event } as RunEvent)
    return this
  }
}

const at = (isolation: IsolationLevel, engine: Setting['engine'] = 'postgres'): Setting => ({
  engine,
  isolation,
  schema: ['CREATE TABLE t (a INT)', 'CREATE TABLE u (a INT)'],
})

const read = (setting: Setting | undefined, script: Script): readonly Transition[] =>
  new TransitionReader(setting).read(script.events)

/** What each transition touches, without the time and the order in which rows were written. */
const touched = (setting: Setting | undefined, script: Script): string[] =>
  read(setting, script).map(({ effects }) =>
    String(effects)
      .split(', ')
      .filter((each) => !each.endsWith(' time') && !each.startsWith('writes order of rows'))
      .join(', '),
  )

/** What the last transition touches. */
const last = (setting: Setting, script: Script): string | undefined =>
  touched(setting, script).at(-1)

const begun = (...statements: readonly string[]): Script =>
  statements.reduce((script, text) => script.done(0, text), new Script().done(0, 'BEGIN'))

describe('at read committed, on every engine', () => {
  test.each([
    ['SAVEPOINT a', ''],
    ['BEGIN', 'everything'], // in InnoDB it commits what is open
    ['SELECT a FROM t', 'reads data of t'],
    ['SELECT a FROM t FOR UPDATE', 'reads data of t, writes locks of t'],
    ['UPDATE t SET a = 1', 'reads data of t, writes locks of t'],
    ['SELECT a FROM t JOIN u ON t.a = u.a', 'reads data of t, reads data of u'],
    ['VACUUM', 'everything'],
  ])('%s', (text, expected) => {
    for (const engine of engineNames) {
      const script = begun().done(0, text)
      expect(last(at('read-committed', engine), script)).toBe(expected)
    }
  })

  test('a connection that is closed lets go of its locks, and the next transaction is another one', () => {
    const closed = (): Script =>
      begun('SELECT a FROM t FOR UPDATE', 'SELECT a FROM u').disconnected(0)
    for (const engine of engineNames) {
      const setting = at('read-committed', engine)
      expect(last(setting, closed())).toBe('reads data of u, writes locks of t')
      expect(last(setting, closed().done(0, 'BEGIN').done(0, 'COMMIT'))).toBe('')
    }
  })

  test.each([
    [['SELECT a FROM t'], ''],
    [['SELECT a FROM t FOR UPDATE'], 'writes locks of t'],
    [
      ['UPDATE t SET a = 1', 'SELECT a FROM u FOR UPDATE'],
      'writes commits, writes data of t, writes locks of t, writes locks of u',
    ],
    [['VACUUM'], 'everything'],
  ])('COMMIT after %j', (statements, expected) => {
    for (const engine of engineNames) {
      expect(last(at('read-committed', engine), begun(...statements, 'COMMIT'))).toBe(expected)
    }
  })

  test.each([
    [['SELECT a FROM t'], ''],
    [['UPDATE t SET a = 1', 'SELECT a FROM u FOR UPDATE'], 'writes locks of t, writes locks of u'],
    [['VACUUM'], 'everything'],
  ])('ROLLBACK after %j', (statements, expected) => {
    for (const engine of engineNames) {
      expect(last(at('read-committed', engine), begun(...statements, 'ROLLBACK'))).toBe(expected)
    }
  })

  test('to begin touches nothing', () => {
    for (const engine of engineNames) {
      expect(last(at('read-committed', engine), begun())).toBe('')
    }
  })

  test('ROLLBACK TO a savepoint gives free what was locked, and COMMIT still shows what was written', () => {
    const script = begun('UPDATE t SET a = 1', 'SAVEPOINT a', 'ROLLBACK TO SAVEPOINT a')
    expect(last(at('read-committed'), script)).toBe('writes locks of t')
    expect(last(at('read-committed'), script.done(0, 'COMMIT'))).toContain('writes data of t')
  })

  test('a statement outside a transaction is committed at once', () => {
    const script = new Script()
      .done(0, 'UPDATE t SET a = 1', 'none')
      .done(0, 'SELECT a FROM t', 'none')
    for (const engine of engineNames) {
      expect(touched(at('read-committed', engine), script)).toEqual([
        'writes commits, writes data of t, writes locks of t',
        'reads data of t',
      ])
    }
  })

  test('the next transaction begins with nothing', () => {
    const script = begun('UPDATE t SET a = 1', 'COMMIT')
      .done(0, 'BEGIN')
      .done(0, 'UPDATE u SET a = 1')
    expect(last(at('read-committed'), script.done(0, 'COMMIT'))).toBe(
      'writes commits, writes data of u, writes locks of u',
    )
  })

  test('each connection has a transaction of its own', () => {
    const script = begun('UPDATE t SET a = 1')
    script.sent(0, 'BEGIN', { connection: 1 }).completed(0, 'open')
    script.sent(0, 'COMMIT', { connection: 1 }).completed(0, 'none')
    expect(last(at('read-committed'), script)).toBe('')
  })

  test('locks with a name are kept to the end of the transaction', () => {
    const script = begun('SELECT pg_advisory_xact_lock(7)', 'COMMIT')
    expect(touched(at('read-committed'), script).slice(1)).toEqual([
      'reads user lock , writes user lock 7',
      'reads user lock , writes user lock 7',
    ])
  })
})

describe('at other levels', () => {
  const snapshot = 'reads commits, reads data of t'
  test('at repeatable read the first statement reads everything, and later ones what it saw', () => {
    const script = begun('SELECT a FROM t', 'SELECT a FROM u', 'UPDATE u SET a = 1')
    for (const engine of engineNames) {
      expect(touched(at('repeatable-read', engine), script).slice(1)).toEqual([
        snapshot,
        '',
        'reads data of u, writes locks of u',
      ])
    }
  })

  test('on PostgreSQL that is so whatever the first statement does', () => {
    const script = begun('SELECT pg_advisory_xact_lock(7)', 'SELECT a FROM t')
    expect(touched(at('repeatable-read'), script).slice(1)).toEqual([
      'reads commits, reads user lock , writes user lock 7',
      '',
    ])
  })

  test('in InnoDB it is so for a plain SELECT only', () => {
    const script = begun(
      "SELECT GET_LOCK('a', 1)",
      'UPDATE u SET a = 1',
      'SELECT a FROM t',
      'SELECT a FROM u',
    )
    for (const engine of ['mysql', 'mariadb'] as const) {
      expect(touched(at('repeatable-read', engine), script).slice(2)).toEqual([
        'reads commits, reads data of u, writes locks of u',
        snapshot,
        '',
      ])
    }
  })

  test('in InnoDB it is so once a row has been read: what can be told beforehand is not looked up', () => {
    for (const engine of ['mysql', 'mariadb'] as const) {
      const script = begun().sent(0, 'SELECT a FROM t WHERE a = NULL').answered(0, 'open', [])
      expect(last(at('repeatable-read', engine), script.done(0, 'SELECT a FROM t'))).toBe(snapshot)
    }
  })

  test('what is not in a transaction has no snapshot to keep', () => {
    const script = new Script()
      .done(0, 'SELECT a FROM t', 'none')
      .done(0, 'SELECT a FROM t', 'none')
    for (const engine of engineNames) {
      expect(last(at('repeatable-read', engine), script)).toBe('reads data of t')
    }
  })

  test('at read uncommitted, InnoDB reads what others have written so far', () => {
    const script = begun('SELECT a FROM t')
    expect(last(at('read-uncommitted'), script)).toBe('reads data of t')
    expect(last(at('read-uncommitted', 'mysql'), script)).toBe('reads data of t, reads locks of t')
  })

  test('at serializable, InnoDB locks what it reads', () => {
    const script = begun('SELECT a FROM t')
    expect(last(at('serializable', 'mysql'), script)).toBe('reads data of t, writes locks of t')
    expect(last(at('serializable', 'mysql'), script.done(0, 'COMMIT'))).toBe('writes locks of t')
  })

  test('and MariaDB compares it with a snapshot, if it is told to', () => {
    const setting = { ...at('serializable', 'mariadb'), snapshotIsolation: true }
    const script = begun('SELECT a FROM t', 'SELECT a FROM t')
    expect(last(setting, script)).toBe(`${snapshot}, writes locks of t`)
  })

  test('at serializable on PostgreSQL, nothing commutes that touches a table', () => {
    const graph = 'dependencies between serializable transactions'
    const script = begun('SELECT a FROM t', 'COMMIT')
    expect(touched(at('serializable'), script)).toEqual([
      '',
      `${snapshot}, writes ${graph}`,
      `writes ${graph}`,
    ])
  })

  test('nor what takes the snapshot for a transaction that will', () => {
    expect(last(at('serializable'), begun('SELECT 1'))).toContain('writes dependencies')
  })

  test('on PostgreSQL a level is set in vain outside a transaction', () => {
    const script = new Script()
      .done(0, 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ', 'none')
      .done(0, 'BEGIN')
      .done(0, 'SELECT a FROM t')
    expect(last(at('read-committed'), script.done(0, 'SELECT a FROM t'))).toBe('reads data of t')
  })

  test('on PostgreSQL, to begin once more changes nothing', () => {
    const script = begun('UPDATE t SET a = 1', 'BEGIN', 'COMMIT')
    expect(last(at('read-committed'), script)).toBe('everything')
    expect(last(at('read-committed', 'mysql'), script)).toBe('')
  })

  test.each([
    ['postgres', ['BEGIN ISOLATION LEVEL REPEATABLE READ']],
    ['postgres', ['BEGIN', 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ']],
    ['mysql', ['SET TRANSACTION ISOLATION LEVEL REPEATABLE READ', 'BEGIN']],
  ] as const)('the level is that of the transaction: %s, %j', (engine, statements) => {
    const script = new Script()
    for (const text of statements) {
      script.done(
        0,
        text,
        statements.indexOf(text as never) === 0 && engine === 'mysql' ? 'none' : 'open',
      )
    }
    script.done(0, 'SELECT a FROM t')
    expect(last(at('read-committed', engine), script)).toBe(snapshot)
    const next = script.done(0, 'COMMIT').done(0, 'BEGIN').done(0, 'SELECT a FROM t')
    expect(last(at('read-committed', engine), next)).toBe('reads data of t')
  })
})

describe('rows', () => {
  const byId = (id: number) => `UPDATE t SET a = 1 WHERE id = ${id}`
  const schema = ['CREATE TABLE t (id INT PRIMARY KEY, a INT, code INT UNIQUE)']
  const setting = { ...at('read-committed'), schema }

  test.each([
    ['SELECT a FROM t WHERE id = 1', 'reads data of t where id = 1'],
    [
      'SELECT a FROM t WHERE id = 1 FOR UPDATE',
      'reads data of t where id = 1, writes locks of t where id = 1',
    ],
    [byId(1), 'reads data of t where id = 1, writes locks of t where id = 1'],
    ['DELETE FROM t WHERE id = 1', 'reads data of t where id = 1, writes locks of t where id = 1'],
    // Another row may have the same value in a unique index.
    ['UPDATE t SET code = 1 WHERE id = 1', 'reads data of t, writes locks of t'],
    ['INSERT INTO t (id, a) VALUES (1, 2)', 'reads data of t, writes locks of t'],
    ['SELECT a FROM t WHERE id > 1', 'reads data of t'],
  ])('are told apart on PostgreSQL: %s', (text, expected) => {
    expect(last(setting, begun(text))).toBe(expected)
  })

  test('are kept to the end of the transaction', () => {
    const script = begun(byId(1), byId(2), 'COMMIT')
    expect(last(setting, script)).toBe(
      'writes commits, writes data of t where id = 1 or id = 2, writes locks of t where id = 1 or id = 2',
    )
    expect(last(setting, begun(byId(1), 'UPDATE t SET a = 1', 'ROLLBACK'))).toBe(
      'writes locks of t',
    )
  })

  test('that were inserted are known by their values, once they are committed', () => {
    const script = begun('INSERT INTO t (id, a) VALUES (1, 2)', 'COMMIT')
    expect(last(setting, script)).toBe(
      'writes commits, writes data of t where id = 1 and a = 2, writes locks of t',
    )
  })

  test('are not told apart where locks lie on ranges, or reads on pages', () => {
    for (const [isolation, engine] of [
      ['read-committed', 'mysql'],
      ['repeatable-read', 'mariadb'],
      ['serializable', 'postgres'],
    ] as const) {
      const script = begun('SELECT a FROM t WHERE id = 1 FOR UPDATE')
      const touches = last({ ...at(isolation, engine), schema }, script)
      expect(touches).toContain('writes locks of t')
      expect(touches).not.toContain('where')
    }
  })

  test('that are written have an order', () => {
    const [, write] = read(setting, begun(byId(1)))
    expect(String(write?.effects)).toContain('writes order of rows of t')
  })

  test.each([
    [
      'two locks of different ones',
      'SELECT a FROM t WHERE id = 1 FOR UPDATE',
      'SELECT a FROM t WHERE id = 2 FOR UPDATE',
      false,
    ],
    [
      'two locks of one',
      'SELECT a FROM t WHERE id = 1 FOR UPDATE',
      'SELECT a FROM t WHERE id = 1 FOR UPDATE',
      true,
    ],
    [
      'two locks of what may be one',
      'SELECT a FROM t WHERE id = 1 FOR UPDATE',
      'SELECT a FROM t WHERE a = 2 FOR UPDATE',
      true,
    ],
    [
      'a lock and a write of another one',
      'SELECT a FROM t WHERE id = 1 FOR UPDATE',
      byId(2),
      false,
    ],
    // SELECT without ORDER BY would tell.
    ['two writes of different ones', byId(1), byId(2), true],
  ])('%s', (_, one, other, expected) => {
    const script = new Script().done(0, 'BEGIN').done(1, 'BEGIN').done(0, one).done(1, other)
    const [a, b] = read(setting, script).slice(-2)
    expect(isDependent(a!, b!)).toBe(expected)
  })

  test('a read and a commit of another one', () => {
    const script = begun(byId(1)).done(1, 'SELECT a FROM t WHERE id = 2', 'none').done(0, 'COMMIT')
    const [one, other] = read(setting, script).slice(-2)
    expect(isDependent(one!, other!)).toBe(false)
  })
})

describe('a wait', () => {
  const script = begun('UPDATE t SET a = 1')
    .done(1, 'BEGIN')
    .sent(1, 'UPDATE t SET a = 2')
    .blocked(1)
    .sent(0, 'COMMIT')
    .completed(0, 'none')
    .unblocked(1)
    .completed(1, 'open')
    .done(1, 'COMMIT')

  test('is in the order of whoever takes part', () => {
    const actors = read(at('read-committed'), script).map((each) => [...each.actors].join())
    expect(actors).toEqual(['0', '0', '1', '1', '0,1', '1'])
  })

  test('is known to whoever may be in a circle of waits', () => {
    const effects = touched(at('read-committed'), script)
    expect(effects.slice(3, 5)).toEqual([
      'reads data of t, writes locks of t, writes waits',
      'reads waits, writes commits, writes data of t, writes locks of t',
    ])
  })

  test('ends a transaction in the transition that ends the wait', () => {
    const single = begun('UPDATE u SET a = 1')
      .sent(1, 'UPDATE t SET a = 2')
      .blocked(1)
      .sent(0, 'ROLLBACK')
      .completed(0, 'none')
      .unblocked(1)
      .completed(1, 'none')
    expect(last(at('read-committed'), single)).toBe(
      'reads waits, writes commits, writes data of t, writes locks of t, writes locks of u',
    )
  })

  test('may end where the statement stops, which has read by then', () => {
    const text = 'UPDATE t SET a = (SELECT max(a) FROM u)'
    const stopped = begun('UPDATE t SET a = 1')
      .sent(1, text)
      .blocked(1)
      .sent(0, 'COMMIT')
      .completed(0, 'none')
      .unblocked(1)
      .stopped(1, text)
    expect(last(at('read-committed', 'mysql'), stopped)).toBe(
      'reads data of u, reads waits, writes commits, writes data of t, writes locks of t, writes locks of u',
    )
  })

  test('that ends in a deadlock gives free what was locked', () => {
    const dead = begun('UPDATE t SET a = 1').sent(0, 'UPDATE u SET a = 1')
    dead.failed(0, 'deadlock', 'failed')
    expect(last(at('read-committed'), dead)).toBe(
      'reads data of u, writes locks of t, writes locks of u, writes waits',
    )
    // Whom InnoDB ends depends on what each has done.
    expect(last(at('read-committed', 'mysql'), dead)).toBe('everything')
  })
})

test('a refusal gives free what was locked', () => {
  const script = begun('UPDATE t SET a = 1').sent(0, 'SELECT a FROM u FOR UPDATE NOWAIT')
  script.failed(0, 'lock timeout', 'failed')
  expect(last(at('read-committed'), script)).toBe(
    'reads data of u, writes locks of t, writes locks of u',
  )
})

describe('nothing is known', () => {
  const script = begun('SELECT a FROM t')

  test('without a setting', () => {
    expect(touched(undefined, script)).toEqual(['everything', 'everything'])
  })

  test('where statements touch more than they name', () => {
    const schema = ['CREATE TRIGGER log AFTER INSERT ON t FOR EACH ROW CALL log()']
    expect(touched({ ...at('read-committed'), schema }, script)).toEqual([
      'everything',
      'everything',
    ])
  })

  test('of a connection that has done what is not known, for it may have changed a setting', () => {
    const set = new Script()
      .done(0, 'SET lock_timeout = 1', 'none')
      .done(0, 'SELECT a FROM t', 'none')
    expect(touched(at('read-committed'), set)).toEqual(['everything', 'everything'])
  })

  test.each(['SELECT last_value FROM numbers', 'SELECT count(*) FROM pg_locks'])(
    'of what is not a table of the schema: %s',
    (text) => {
      expect(last(at('read-committed'), begun(text))).toBe('everything')
    },
  )

  test('but what WITH gives a name to is known', () => {
    const named = begun('WITH x AS (SELECT a FROM t) SELECT a FROM x')
    expect(last(at('read-committed'), named)).toBe('reads data of t, reads data of x')
  })

  test('of an event of a new kind', () => {
    const strange = begun()
    strange.events.push({ kind: 'new', actor: 0 } as never)
    expect(last(at('read-committed'), strange)).toBe('everything')
  })
})

describe('which transitions depend on each other', () => {
  /** Whether the last two do. */
  const depend = (script: Script, setting = at('read-committed')): boolean => {
    const [one, other] = read(setting, script).slice(-2)
    return isDependent(one!, other!)
  }
  const both = () => new Script().done(0, 'BEGIN').done(1, 'BEGIN')

  test('those of who was released and of its release', () => {
    const script = both().done(0, 'UPDATE t SET a = 1').sent(1, 'UPDATE t SET a = 2').blocked(1)
    script.sent(0, 'ROLLBACK').completed(0, 'none').unblocked(1).completed(1, 'open')
    expect(depend(script.done(1, 'SAVEPOINT a'))).toBe(true)
  })

  test.each<readonly [string, Script, boolean]>([
    ['those of one actor', both().done(0, 'SELECT a FROM t').done(0, 'SELECT a FROM t'), true],
    ['reads', both().done(0, 'SELECT a FROM t').done(1, 'SELECT a FROM t'), false],
    [
      'a read and what is not committed',
      both().done(0, 'SELECT a FROM t').done(1, 'UPDATE t SET a = 1'),
      false,
    ],
    ['locks', both().done(0, 'SELECT a FROM t FOR SHARE').done(1, 'UPDATE t SET a = 1'), true],
    [
      'locks of two tables',
      both().done(0, 'UPDATE u SET a = 1').done(1, 'UPDATE t SET a = 1'),
      false,
    ],
    [
      'a read and a commit',
      both().done(0, 'UPDATE t SET a = 1').done(1, 'SELECT a FROM t').done(0, 'COMMIT'),
      true,
    ],
    [
      'a read and another commit',
      both().done(0, 'UPDATE u SET a = 1').done(1, 'SELECT a FROM t').done(0, 'COMMIT'),
      false,
    ],
    ['two beginnings', new Script().done(0, 'BEGIN').done(1, 'BEGIN'), false],
    [
      'an end and a beginning',
      new Script().done(0, 'SELECT 1', 'none').replied(0).done(1, 'BEGIN'),
      true,
    ],
    [
      'an end and what is not the first step',
      both().done(0, 'COMMIT').replied(0).done(1, 'SELECT a FROM t'),
      false,
    ],
    ['two ends', both().done(0, 'COMMIT').replied(0).done(1, 'COMMIT').replied(1), true],
    [
      'two commits of different tables',
      both()
        .done(0, 'UPDATE u SET a = 1')
        .done(1, 'UPDATE t SET a = 1')
        .done(0, 'COMMIT')
        .done(1, 'COMMIT'),
      true,
    ],
    [
      'two sleeps',
      both().sent(0, '', { kind: 'sleep', ms: 1 }).sent(1, '', { kind: 'sleep', ms: 1 }),
      false,
    ],
    [
      'users of one memory',
      both().done(0, 'SAVEPOINT a').shares(0, 1).done(1, 'SAVEPOINT a').shares(1, 1),
      true,
    ],
    [
      'users of two memories',
      both().done(0, 'SAVEPOINT a').shares(0, 1).done(1, 'SAVEPOINT a').shares(1, 0),
      false,
    ],
    [
      'steps after the use of one memory',
      both().shares(0, 1).shares(1, 1).done(0, 'SAVEPOINT a').done(1, 'SAVEPOINT a'),
      true,
    ],
  ])('%s', (_, script, expected) => {
    expect(depend(script)).toBe(expected)
  })
})

test('a history can be read in pieces', () => {
  const script = begun('UPDATE t SET a = 1', 'COMMIT').done(1, 'SELECT a FROM t', 'none')
  const whole = new TransitionReader(at('read-committed')).read(script.events)
  const reader = new TransitionReader(at('read-committed'))
  for (let end = 1; end <= script.events.length; end++) reader.read(script.events.slice(0, end))
  expect(reader.transitions).toEqual(whole)
})
