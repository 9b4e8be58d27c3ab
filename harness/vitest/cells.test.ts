import { expect, test } from 'vitest'
import { defineStrategy, type Strategy } from '../strategy.ts'
import { ok } from '../reply.ts'
import { purchase } from '../workloads/purchase.ts'
import { cellsOf, type Wanted } from './cells.ts'

const strategyFor = (engines?: Strategy['engines']): Strategy =>
  defineStrategy({
    name: 'some',
    workload: purchase,
    summary: 'For a test.',
    execute: () => Promise.resolve(ok()),
    ...(engines && { engines }),
  })

const titles = (wanted: Wanted, strategy = strategyFor()): string[] =>
  cellsOf(strategy, wanted).map(({ engine, isolation, snapshotIsolation, optional }) =>
    [engine.name, isolation, snapshotIsolation, optional].join(' '),
  )

test('by default there is one: PostgreSQL at its own level', () => {
  expect(titles({})).toEqual(['postgres read-committed  false'])
})

test('each engine has a level of its own', () => {
  expect(titles({ databases: ['mariadb', 'postgres'], optional: ['mariadb'] })).toEqual([
    'postgres read-committed  false',
    'mariadb repeatable-read  true',
  ])
})

test('all levels are four on each engine, and snapshot isolation is for MariaDB alone', () => {
  const all = titles({
    databases: ['mysql', 'mariadb'],
    isolation: 'all',
    snapshotIsolation: false,
  })
  expect(all).toHaveLength(8)
  expect(all[0]).toBe('mysql read-uncommitted  false')
  expect(all.at(-1)).toBe('mariadb serializable false false')
})

test.each<[string, object, RegExp]>([
  ['no database', { databases: [] }, /"databases" is empty, so nothing would be tested/],
  ['no level', { isolation: [] }, /"isolation" is empty, so nothing would be tested/],
  ['an unknown database', { databases: ['mysq'] }, /no database "mysq"\. Did you mean "mysql"/],
  ['an unknown level', { isolation: ['serialisable'] }, /isolation level .*"serializable"/],
  ['an optional one that is not run', { optional: ['mysql'] }, /"mysql" is optional, but not/],
  ['snapshot isolation of PostgreSQL', { snapshotIsolation: true }, /is for mariadb/],
])('refuses %s', (_, wanted, message) => {
  expect(() => cellsOf(strategyFor(), wanted)).toThrow(message)
})

test('refuses a database that the strategy is not written for, and says what to write', () => {
  expect(() => cellsOf(strategyFor(['mysql', 'mariadb']), {})).toThrow(
    'Strategy "some" is written for mysql and mariadb only: say "databases: ["mysql","mariadb"]".',
  )
})
