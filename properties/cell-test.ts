import { test } from 'vitest'
import { Fault, type Aspect, type PropertyRecord } from '../harness/index.ts'
import { Inconclusive } from '../harness/testing/inconclusive.ts'
import { about } from '../harness/testing/record.ts'
import type { StrategyId } from '../strategies/index.ts'
import { seed } from './budget.ts'
import type { Cell } from './cells.ts'

/** What a test is about. */
export interface Subject {
  readonly strategy: StrategyId
  readonly cell: Cell
  readonly aspect: Aspect
  /** Why it cannot be run. */
  readonly notRun?: string | undefined
}

/** Adds to what the test has to tell. */
export type Note = (more: Partial<PropertyRecord>) => void

/**
 * A test of a strategy in a cell that tells the report what came of it.
 *
 * @param what its name says of the strategy
 */
export function testCell(
  what: string,
  { strategy, cell, aspect, notRun }: Subject,
  check: (note: Note) => Promise<void>,
): void {
  const { platform, isolation } = cell
  const record = { strategy, platform, isolation, aspect, ...(notRun !== undefined && { notRun }) }
  test(
    `${strategy} ${what}`,
    { ...about(record), skip: notRun !== undefined },
    async ({ task }) => {
      let told: PropertyRecord = record
      task.meta.seed = seed
      const note: Note = (more) => {
        told = { ...told, ...more }
        task.meta.lockstep = [told]
      }
      try {
        await check(note)
      } catch (error) {
        if (isInconclusive(error)) note({ inconclusive: error.message })
        throw error
      }
    },
  )
}

const isInconclusive = (error: unknown): error is Error =>
  error instanceof Inconclusive || error instanceof Fault
