import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { StrategyFault } from '../errors.ts'

/** A program under test, and how it is started. */
export interface ProgramOptions {
  /** The program and its parameters, one by one: no shell reads them. */
  readonly command: readonly [program: string, ...parameters: string[]]
  /** The folder it runs in; that of this process when left out. */
  readonly cwd?: string
  /** Variables on top of this process's own, as the address of the database. */
  readonly env?: Readonly<Record<string, string>>
}

/** How long a program may take to end once it was asked to, before it is killed, in milliseconds. */
const graceMs = 1_500
/** How long what it said last may be on its way, in milliseconds. */
const outputMs = 500
/** How much of what a program has printed is kept for messages, in characters from its end. */
const mostOutput = 4_000

/**
 * A program under test with whatever it starts itself: one process group, which ends as a whole. It ends
 * at stop(), and with this process, however that ends.
 */
export class Program {
  /** The command, as messages name it. */
  readonly title: string
  readonly #process: ChildProcess
  readonly #guard: ChildProcess
  readonly #ended: Promise<string>
  #output = ''
  #hasEnded = false
  #stopping: Promise<void> | undefined

  private constructor(process: ChildProcess, pid: number, title: string) {
    this.title = title
    this.#process = process
    this.#guard = startGuard(pid)
    this.#ended = ending(process, pid)
    process.once('exit', () => (this.#hasEnded = true))
    // A pipe whose reader has gone is no error of ours: how the program ended says more.
    process.stdin?.on('error', () => {})
  }

  /** @throws {StrategyFault} when there is no such program, or it cannot be run */
  static async start({ command, cwd, env }: ProgramOptions): Promise<Program> {
    const [program, ...parameters] = command
    const title = command.join(' ')
    const child = spawn(program, parameters, {
      ...(cwd !== undefined && { cwd }),
      env: { ...process.env, ...env },
      // A group of its own: it is ended as a whole, and the terminal's Ctrl-C does not reach it.
      detached: true,
      stdio: 'pipe',
    })
    try {
      await once(child, 'spawn')
    } catch (error) {
      throw new StrategyFault(`"${title}" could not be started: ${(error as Error).message}.`)
    }
    if (child.pid === undefined) throw new StrategyFault(`"${title}" has no process.`)
    return new Program(child, child.pid, title)
  }

  get stdin(): Writable {
    return present(this.#process.stdin)
  }

  get stdout(): Readable {
    return present(this.#process.stdout)
  }

  get stderr(): Readable {
    return present(this.#process.stderr)
  }

  /**
   * How it ended, to follow its name in a sentence: `ended with exit code 1`. All that it has printed has
   * been read by then. Never rejects.
   */
  get ended(): Promise<string> {
    return this.#ended
  }

  /** The last of what it has printed and was {@link keep kept}. */
  get output(): string {
    return this.#output
  }

  keep(text: string): void {
    this.#output = (this.#output + text).slice(-mostOutput)
  }

  /** What it has printed, as the end of a message. */
  lastWords(): string {
    const text = this.#output.trim()
    return text === '' ? 'It printed nothing.' : `The last it printed:\n${text}`
  }

  /** Asks it to end, and kills it when it does not. Resolves when nothing of it is left. */
  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop())
  }

  async #stop(): Promise<void> {
    const { pid } = this.#process
    if (pid !== undefined && !this.#hasEnded) signal(pid, 'SIGTERM')
    const timer = setTimeout(() => pid !== undefined && signal(pid, 'SIGKILL'), graceMs)
    await this.#ended
    clearTimeout(timer)
    for (const stream of [this.stdin, this.stdout, this.stderr]) stream.destroy()
    await dismiss(this.#guard)
  }
}

/**
 * Kills the group when this process ends without having stopped it, even by SIGKILL: it waits for a line,
 * and finds the end of the pipe instead.
 */
function startGuard(pid: number): ChildProcess {
  const guard = spawn('/bin/sh', ['-c', 'read -r line || kill -s KILL -- "-$0"', String(pid)], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  // Without a guard the program still ends at stop().
  guard.on('error', () => {})
  guard.stdin?.on('error', () => {})
  guard.unref()
  return guard
}

async function dismiss(guard: ChildProcess): Promise<void> {
  if (guard.exitCode !== null || guard.signalCode !== null || guard.pid === undefined) return
  const ended = once(guard, 'exit')
  guard.ref()
  guard.stdin?.end('\n')
  await ended
}

/** Sends a signal to the group; one that has ended needs none. */
function signal(group: number, name: NodeJS.Signals): void {
  try {
    process.kill(-group, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

async function ending(child: ChildProcess, pid: number): Promise<string> {
  const closed = once(child, 'close')
  const [code, by] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  // What it has started itself is of no use without it, and may hold its outputs open.
  signal(pid, 'SIGKILL')
  await Promise.race([closed, sleep(outputMs, undefined, { ref: false })])
  return by === null ? `ended with exit code ${code}` : `was ended by ${by}`
}

function present<Stream>(stream: Stream | null): Stream {
  if (stream === null) throw new Error('a program is started with pipes')
  return stream
}
