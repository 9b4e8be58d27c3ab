import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { withSpecDatabase } from '../harness/databases/engines/postgres/spec-connections.ts'
import {
  countPermutations,
  DatabaseFault,
  parseSpec,
  runSpec,
  type DatabaseServer,
} from '../harness/index.ts'
import {
  findIsolationTester,
  howToInstall,
  runIsolationTester,
} from '../harness/testing/isolation-tester.ts'
import { median, type Measure, type Metric } from './metric.ts'

/** A specification that both run, and how many times as fast Lockstep must at least be. */
interface Race {
  readonly name: string
  readonly bar: number
}

const races: readonly Race[] = [
  /** Two sessions of five statements each that never wait: all 252 interleavings. */
  { name: 'no-wait', bar: 5 },
  /** Two sessions that lock the same row: those interleavings in which somebody waits. */
  { name: 'waits', bar: 10 },
]

/**
 * PostgreSQL's isolation tester and Lockstep on the same specifications and the same server, in turn.
 * Both must print the same.
 */
export const peersSideBySide: Measure = async (_engine, server, rounds) => {
  const tool = findIsolationTester()
  if (tool === undefined) throw new DatabaseFault(howToInstall)
  const metrics: Metric[] = []
  for (const race of races) metrics.push(...(await measure(race, tool, server, rounds)))
  return metrics
}

async function measure(
  { name, bar }: Race,
  tool: string,
  server: DatabaseServer,
  rounds: number,
): Promise<Metric[]> {
  const file = fileURLToPath(new URL(`specs/${name}.spec`, import.meta.url))
  const text = readFileSync(file, 'utf8')
  const permutations = countPermutations(parseSpec(text))
  const ratios: number[] = []
  const own: number[] = []
  const others: number[] = []
  for (let round = 0; round < Math.ceil(rounds / 4) + 1; round++) {
    const theirs = await withSpecDatabase(server, (url) => toolRun(tool, url, name, text))
    const ours = await lockstepRun(server, name, text)
    if (ours.printed !== theirs.printed) {
      throw new Error(`On ${file}, Lockstep does not print what the isolation tester prints.`)
    }
    if (round === 0) continue // caches fill
    ratios.push(theirs.milliseconds / ours.milliseconds)
    own.push((permutations * 1000) / ours.milliseconds)
    others.push((permutations * 1000) / theirs.milliseconds)
  }
  const prefix = `postgres/spec-${name}`
  return [
    { name: `${prefix}/vs-isolation-tester`, value: median(ratios), unit: 'ratio', bar },
    { name: `${prefix}/rate`, value: median(own), unit: 'schedules/s' },
    { name: `${prefix}/isolation-tester/rate`, value: median(others), unit: 'schedules/s' },
  ]
}

interface Run {
  readonly printed: string
  /** From the first line of the first permutation to the last of the last one. */
  readonly milliseconds: number
}

/** Measures from the first permutation on: what comes before is a server's, and a program's, start. */
class Clock {
  printed = ''
  #startedAt = 0
  #endedAt = 0

  hear(text: string): void {
    this.printed += text
    this.#endedAt = performance.now()
    if (this.#startedAt === 0 && this.printed.includes('\nstarting permutation:')) {
      this.#startedAt = this.#endedAt
    }
  }

  run(): Run {
    return { printed: this.printed, milliseconds: this.#endedAt - this.#startedAt }
  }
}

async function toolRun(tool: string, url: string, name: string, text: string): Promise<Run> {
  const clock = new Clock()
  await runIsolationTester(tool, url, name, text, (piece) => clock.hear(piece))
  return clock.run()
}

async function lockstepRun(server: DatabaseServer, name: string, text: string): Promise<Run> {
  const clock = new Clock()
  const spec = parseSpec(text)
  await runSpec({ server, spec, name, write: (_stream, piece) => clock.hear(piece) })
  return clock.run()
}
