#!/usr/bin/env node
import { whyTooOld } from './cli/node-version.ts'

const complaint = whyTooOld(process.versions.node)
if (complaint === undefined) {
  // Only now: an older Node cannot even read them.
  const { endWith } = await import('./cli/ending.ts')
  const { run } = await import('./cli/program.ts')
  await endWith(() => run(process.argv.slice(2)))
} else {
  process.stderr.write(`lockstep: ${complaint}\n`)
  process.exitCode = 2
}
