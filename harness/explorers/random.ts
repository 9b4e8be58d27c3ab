import fc from 'fast-check'
import { planned } from '../scheduler/choice.ts'
import type { SamplingExplorer } from './explorer.ts'

/** More choices than most runs have scheduling points; beyond them a run goes on serially. */
const longest = 64
/** Twelve values, so that the remainder by 1, 2, 3 or 4 enabled actors favours none of them. */
const greatest = 11

/** A random walk: at every scheduling point each enabled actor is as likely as any other. */
export const random: SamplingExplorer = {
  kind: 'sampling',
  name: 'random',
  summary: 'Draws commands, data and every choice by chance.',
  schedule: fc.array(fc.nat({ max: greatest }), { maxLength: longest, size: 'max' }),
  chooser: planned,
}
