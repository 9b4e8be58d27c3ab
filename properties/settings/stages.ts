import { namesIn } from './environment.ts'

/**
 * What the properties consist of, in the order in which they are tried: known counterexamples again,
 * what a change touches, all that is expected of every strategy, and a search for what nobody knows yet.
 */
export const stages = ['corpus', 'changed', 'expectations', 'search'] as const

export type Stage = (typeof stages)[number]

/** Which stage a file of properties belongs to, by its name. */
export function stageOf(file: string): Stage {
  if (file.endsWith('/corpus.props.ts')) return 'corpus'
  if (file.endsWith('-changed.props.ts')) return 'changed'
  return file.endsWith('/search.props.ts') ? 'search' : 'expectations'
}

/**
 * The stages to run: LOCKSTEP_STAGES, by default all.
 *
 * @throws {SettingsError} when it names another one.
 */
export const wantedStages = (): readonly Stage[] => namesIn('LOCKSTEP_STAGES', stages) ?? stages
