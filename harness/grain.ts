/**
 * How finely the scheduler interleaves.
 *
 * - `statement`: one statement at a time.
 * - `phase`: a writing statement also stops between what it has read and the first row it writes.
 * - `overlap`: several statements are sent together, and the server decides what happens.
 */
export type Grain = (typeof grains)[number]

/** Names of the grains, the coarsest first: see {@link Grain}. */
export const grains = ['statement', 'phase', 'overlap'] as const
