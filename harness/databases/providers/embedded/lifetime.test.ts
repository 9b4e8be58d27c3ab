import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import {
  ordinaryAccount,
  runningProgram,
  runProgram,
  type Ending,
} from './fixtures/program.ts'
import { isRoot, ownTemporaryFolder, query, running, tracesOf, untilGone } from './fixtures/world.ts'
import { inside, readOwner } from './folder.ts'

describe('a program leaves nothing when it ends', () => {
  test.concurrent.each<[string, Ending, number]>([
    ['after stopping its server', 'stop', 0],
    ['with nothing left to do', 'finish', 0],
    ['by process.exit()', 'exit', 7],
    ['by an uncaught error', 'throw', 1],
  ])('%s', async (_, ending, code) => {})
})
