import { describe, expect, test } from 'vitest'
import type { ActorSession } from '../databases/engine.ts'
import { statement } from '../databases/statement.ts'
import type { Step } from '../session.ts'
import type { PlannedFault } from './fault.ts'
import { PendingFaults } from './pending.ts'

const session = { transaction: 'open', isLost: false } as ActorSession
const stepOf = (text: string): Step => ({ kind: 'statement', statement: statement([text]) })
const engine = 'postgres' as const
const select = { step: stepOf('SELECT 1'), session, engine }
const commit = { step: stepOf('COMMIT'), session, engine }
const rest = { ...commit, step: { ...commit.step, kind: 'phase' } as Step }

const killed: PlannedFault = { actor: 1, step: 2, kind: 'session-killed' }
const cutOff: PlannedFault = { actor: 1, step: 0, kind: 'request-lost' }

const due = (faults: PendingFaults, actor: number, target = select): readonly string[] =>
  faults.due(actor, 'before', target).map(({ planned }) => planned.kind)

describe('the faults of a plan', () => {
  test('strike from their step on, counted for each actor', () => {
    const faults = new PendingFaults([killed])
    expect(due(faults, 1)).toEqual([])
    faults.took(1, select)
    faults.took(0, select)
    expect(due(faults, 1)).toEqual([])
    faults.took(1, select)
    expect(due(faults, 1)).toEqual(['session-killed'])
    faults.took(1, select)
    expect(due(faults, 1)).toEqual(['session-killed'])
    expect(due(faults, 0)).toEqual([])
  })

  test('wait for a step that they can strike', () => {
    const faults = new PendingFaults([cutOff])
    expect(due(faults, 1)).toEqual([])
    expect(due(faults, 1, commit)).toEqual(['request-lost'])
  })

  test('strike once', () => {
    const faults = new PendingFaults([cutOff, killed])
    const [fault] = faults.due(1, 'before', commit)
    expect(fault?.type.name).toBe('request-lost')
    faults.struck(fault!)
    expect(due(faults, 1, commit)).toEqual([])
  })

  test('take the rest of a statement for a part of it', () => {
    const faults = new PendingFaults([{ ...killed, step: 1 }])
    faults.took(1, rest)
    expect(due(faults, 1)).toEqual([])
  })

  test('are those of a moment', () => {
    const faults = new PendingFaults([{ ...cutOff, kind: 'answer-lost' }])
    expect(due(faults, 1, commit)).toEqual([])
    expect(faults.due(1, 'during', commit)).toHaveLength(1)
  })

  test('that strike who waits are counted by the step that waits', () => {
    const faults = new PendingFaults([{ actor: 0, step: 1, kind: 'statement-timeout' }])
    faults.took(0, select)
    expect(faults.due(0, 'waiting', select, true)).toEqual([])
    faults.took(0, select)
    expect(faults.due(0, 'waiting', select, true)).toHaveLength(1)
  })
})
