import { expect, test } from 'vitest'
import { describeError, describeNotice } from './spec-messages.ts'

const notice = (position: number, sent: string): string =>
  describeNotice({ severity: 'NOTICE', message: 'here', position: String(position) }, sent)

test('a message points at its place', () => {
  expect(notice(8, 'SELECT nothing')).toBe(
    'NOTICE:  here\nLINE 1: SELECT nothing\n               ^\n',
  )
  expect(notice(6, 'ä\r\n\tbc')).toBe('NOTICE:  here\nLINE 2:  bc\n          ^\n')
})

test('a long line is cut, to the right if that is enough', () => {
  const line = 'a'.repeat(40) + 'X' + 'b'.repeat(60)
  expect(notice(41, line)).toBe(
    `NOTICE:  here\nLINE 1: ${line.slice(0, 60)}...\n${' '.repeat(48)}^\n`,
  )
  const later = 'a'.repeat(80) + 'X' + 'b'.repeat(60)
  expect(notice(81, later)).toBe(
    `NOTICE:  here\nLINE 1: ...${later.slice(30, 90)}...\n${' '.repeat(61)}^\n`,
  )
})

test('an error says all there is, and its first line alone', () => {
  const error = {
    severity: 'ERROR',
    message: 'no',
    detail: 'a detail',
    hint: 'a hint',
    internalQuery: 'SELECT x',
    internalPosition: '8',
    where: 'some function',
  }
  expect(describeError(error, '')).toEqual({
    kind: 'error',
    line: 'ERROR:  no',
    text: 'ERROR:  no\nLINE 1: SELECT x\n               ^\nDETAIL:  a detail\nHINT:  a hint\nQUERY:  SELECT x\nCONTEXT:  some function\n',
  })
})
