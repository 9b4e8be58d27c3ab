#!/usr/bin/env node
import { endWith } from './cli/ending.ts'
import { run } from './cli/program.ts'

await endWith(() => run(process.argv.slice(2)))
