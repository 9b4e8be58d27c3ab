import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { moduleBeside } from '../../../module-beside.ts'
import type { EngineName } from '../../engine-name.ts'
import type { DatabaseServer } from '../../server.ts'
import { crashOf, type Crashable } from '../crash/crash.ts'
import { Unavailable, type ProviderName } from '../provider.ts'
import { kinds } from './kinds/index.ts'
import { removeServer } from './leftovers.ts'
import {
  keeperLimitMs,
  type KeeperMessage,
  type KeeperOrder,
  type StartRequest,
} from './request.ts'

/**
 * Has a server started by a keeper, a process of its own (see `keeper.ts`).
 *
 * @throws {Unavailable} when its programs cannot be run
 * @throws {Error} when it does not start; nothing is left of it then
 */
export async function launch(
  provider: ProviderName,
  request: StartRequest,
): Promise<DatabaseServer> {
  const { engine, durable } = request
  const keeper = new Keeper(engine)
  try {
    const url = await keeper.start(request)
    const server = { engine, provider, url, stop: () => keeper.stop() }
    return durable ? { ...server, crash: crashOf(keeper) } : server
  } catch (error) {
    await keeper.stop()
    throw error
  }
}

/** The parent's end of the channel to the keeper. */
class Keeper implements Crashable {
  readonly engine: EngineName
  readonly title: string
  readonly #process: ChildProcess
  readonly #ended: Promise<unknown>
  #folder: string | undefined
  #complaint = ''
  #stopping: Promise<void> | undefined

  constructor(engine: EngineName) {
    this.engine = engine
    this.title = kinds[engine].title
    this.#process = spawn(
      process.execPath,
      [fileURLToPath(moduleBeside('keeper', import.meta.url))],
      {
        cwd: '/',
        // Without our NODE_OPTIONS, which may start a debugger or count coverage.
        env: { PATH: process.env['PATH'] },
        // Out of reach of the terminal's Ctrl-C: the server is needed until we are done with it.
        detached: true,
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      },
    )
    this.#ended = once(this.#process, 'exit').catch(() => {})
    // Said to whoever waits for an answer, if anybody does.
    this.#process.on('error', () => {})
    this.#process.stderr?.on('data', (text) => (this.#complaint += String(text)))
  }

  /** Resolves to the server's URL. */
  async start(request: StartRequest): Promise<string> {
    const url = await this.#order({ kind: 'start', request })
    this.#letParentEnd()
    return url
  }

  async comeBack(): Promise<string> {
    // There may be nothing else for the parent to do but to wait for this.
    this.#holdParent()
    const url = await this.#order({ kind: 'crash' })
    this.#letParentEnd()
    return url
  }

  isStopped(): boolean {
    return this.#stopping !== undefined
  }

  /** Resolves to the server's URL once it is ready. */
  async #order(order: KeeperOrder): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const listen = (message: KeeperMessage): void => {
      if (message.kind === 'created') this.#folder = message.folder
      else if (message.kind === 'ready') resolve(message.url)
      else reject(failure(message))
    }
    const end = (): void => void this.#ended.then(() => reject(this.#endedEarly()))
    this.#process.on('message', listen).on('error', reject)
    // All that it had to say has arrived by then.
    if (this.#process.connected) this.#process.once('disconnect', end)
    else end()
    // An error here means that it has ended, which the above reports with its reason.
    this.#process.send(order, () => {})
    try {
      return await promise
    } finally {
      this.#process.off('message', listen).off('error', reject).off('disconnect', end)
    }
  }

  #endedEarly(): Error {
    return new Error(`The process that keeps ${this.title} ended early. ${this.#complaint}`.trim())
  }

  /** Nothing that has to do with the server keeps this process from ending. */
  #letParentEnd(): void {
    this.#process.unref()
    this.#process.channel?.unref()
    ;(this.#process.stderr as Socket).unref()
  }

  #holdParent(): void {
    this.#process.ref()
    this.#process.channel?.ref()
  }

  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop())
  }

  async #stop(): Promise<void> {
    // Without this, a parent with nothing else to do would end before the server has.
    this.#process.ref()
    if (this.#process.connected) this.#process.disconnect()
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), keeperLimitMs)
    await this.#ended
    clearTimeout(timer)
    // Only if the keeper was killed, or failed to.
    if (this.#folder !== undefined && existsSync(this.#folder)) await removeServer(this.#folder)
  }
}

function failure({ message, remedy }: KeeperMessage & { kind: 'failed' }): Error {
  return remedy === undefined ? new Error(message) : new Unavailable(message, remedy)
}
