import { expect, test } from 'vitest'
import { isolationCases } from './cases/index.ts'
import { id, labelsOf, t1, t2, toSql, toStatement } from './script.ts'

test.for([
  ['g0', 'w1[1=11] w2[1=12] w1[2=21] c1 r1[*] w2[2=22] c2'],
  ['g1a', 'w1[1=101] r2[*] a1 r2[*]#2 c2'],
  ['g1b', 'w1[1=101] r2[*] w1[1=11] c1 r2[*]#2 c2'],
  ['g1c', 'w1[1=11] w2[2=22] r1[2] r2[1] c1 c2'],
  ['otv', 'w1[1=11] w1[2=19] w2[1=12] c1 r3[*] w2[2=18] r3[*]#2 c2 r3[*]#3 c3'],
  ['pmp-read', 'r1[value=30] i2(3,30) c2 r1[value%3=0] c1'],
  ['pmp-write', 'w1[*+=10] d2[value=20] c1 r2[*] c2'],
  ['pmp-write-after-read', 'r2[value=20] w1[*+=10] d2[value=20] c1 r2[*] c2'],
  ['p4', 'r1[1] r2[1] w1[1=11] w2[1=11] c1 c2'],
  ['g-single', 'r1[1] r2[1] r2[2] w2[1=12] w2[2=18] c2 r1[2] c1'],
  ['g-single-predicate', 'r1[value%5=0] w2[value=10: 12] c2 r1[value%3=0] c1'],
  ['g-single-write', 'r1[1] r2[*] w2[1=12] w2[2=18] c2 d1[value=20] r1[2] c1'],
  ['g2-item', 'r1[1,2] r2[1,2] w1[1=11] w2[2=21] c1 c2'],
  ['g2', 'r1[value%3=0] r2[value%3=0] i1(3,30) i2(4,42) c1 c2'],
  ['g2-fekete', 'r1[*] w2[2+=5] c2 r3[*] c3 w1[1=0] c1'],
] as const)('%s is the script that was published', ([name, script]) => {
  const found = isolationCases.find((each) => each.name === name)
  expect(labelsOf(found?.script ?? []).join(' ')).toBe(script)
})

test('every case has a script here', () => {
  expect(isolationCases).toHaveLength(15)
})

test('an action is one statement, and always the same object', () => {
  expect(toSql(t1.read(id(1, 2)).action)).toBe('SELECT * FROM test WHERE id IN (1, 2)')
  expect(toStatement(t1.commit.action)).toBe(toStatement(t2.commit.action))
})
