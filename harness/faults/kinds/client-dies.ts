import type { FaultType } from '../fault.ts'
import { isStatement } from '../target.ts'

/** The process of the application is killed, or its machine stops. */
export const clientDies: FaultType = {
  name: 'client-dies',
  title: 'the client dies',
  summary: 'The program of the client ends between two statements, and its connections with it.',
  moment: 'before',
  ends: 'program',
  canStrike: isStatement,
  async strike({ lane, sessions }) {
    for (const each of sessions) if (!each.isLost) await lane.cutOff(each)
  },
}
