import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { moduleBeside } from '../../../module-beside.ts'

/** Sees to it that a container is removed however this process ends, by a keeper (see `keeper.ts`). */
export class Guard {
  readonly #keeper: ChildProcess

  /** @param id of the container, which may be still to come. */
  constructor(id: string) {
    const { NODE_OPTIONS: _, ...env } = process.env
    this.#keeper = spawn(
      process.execPath,
      [fileURLToPath(moduleBeside('keeper', import.meta.url)), id],
      // Out of reach of the terminal's Ctrl-C: the server is needed until we are done with it.
      { cwd: '/', env, detached: true, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] },
    )
    // Without a keeper the container still goes: at stop(), or at the sweep of the next start.
    this.#keeper.on('error', () => {})
    this.#keeper.unref()
    this.#keeper.channel?.unref()
  }

  /** The container is gone: there is nothing left to guard. */
  async dismiss(): Promise<void> {
    if (!this.#keeper.connected) return
    const ended = once(this.#keeper, 'exit')
    this.#keeper.ref()
    this.#keeper.send('removed', () => {})
    await ended
  }

  /** Leaves it to the keeper. */
  handOver(): void {
    if (this.#keeper.connected) this.#keeper.disconnect()
  }
}
