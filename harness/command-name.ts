import { extname } from 'node:path'

/** How people call Lockstep where this runs: in the checkout, which has a pnpm of its own, or installed. */
export const commandName =
  extname(import.meta.url) === '.ts' ? 'npx -y pnpm@12 lockstep' : 'npx lockstep'
