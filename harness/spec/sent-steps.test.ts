import { expect, test } from 'vitest'
import { showStatement } from '../databases/statement.ts'
import { rejected } from '../reply.ts'
import { Story } from '../report/fixtures/story.ts'
import { sentSteps } from './sent-steps.ts'

test('a connection that is closed inside a transaction is rolled back, and one outside is left alone', () => {
  const { events } = new Story()
    .begins(0)
    .disconnects(0)
    .replies(0, rejected('not enough stock'))
    .disconnects(0)
  const steps = sentSteps(events).map(({ name, session, remark, statement }) => ({
    name,
    session,
    remark,
    text: showStatement(statement),
  }))
  expect(steps).toEqual([
    { name: 'a1', session: 'A', remark: undefined, text: 'BEGIN' },
    {
      name: 'a2',
      session: 'A',
      remark: 'its connection is closed; the server rolls back',
      text: 'ROLLBACK',
    },
  ])
})
