import fc from 'fast-check'
import { planned } from '../scheduler/choice.ts'
import type { SamplingExplorer } from './explorer.ts'

/** More choices than most runs have scheduling points; beyond them a run goes on serially. */
const longest = 64
/** 840 values, so that the remainder by any number of enabled actors from 1 to 8 favours none. */
const greatest = 839

/**
 * A random walk: at each of the first 64 scheduling points every enabled actor is as likely as any
 * other; what is left of a longer run is serial.
 */
export const random: SamplingExplorer = {
  kind: 'sampling',
  name: 'random',
  summary: 'Draws commands, data and every choice by chance.',
  schedule: fc
    .array(fc.nat({ max: greatest }), { minLength: longest, maxLength: longest })
    .map((choices) => choices.slice(0, choices.findLastIndex((choice) => choice !== 0) + 1)),
  overlaps: true,
  chooser: planned,
}
