import { setTimeout as sleep } from 'node:timers/promises'
import type { ContainerRuntimeClient } from 'testcontainers'
import { dockerMessage } from './docker.ts'
import type { UntilLogin } from './readiness.ts'
import type { ServerInContainer } from './server.ts'

type Container = ReturnType<ContainerRuntimeClient['container']['getById']>

const killLimitMs = 10_000
const killPollMs = 5

/** A container whose server takes connections. */
export class Running {
  readonly #container: Container
  readonly #server: ServerInContainer
  readonly #untilLogin: UntilLogin

  constructor(container: Container, server: ServerInContainer, untilLogin: UntilLogin) {
    this.#container = container
    this.#server = server
    this.#untilLogin = untilLogin
  }

  get url(): string {
    return this.#untilLogin.url
  }

  /** Kills all that runs in the container, and starts it again. Resolves to the new URL. */
  async comeBack(): Promise<string> {
    try {
      if (this.#server.hasChildren) await this.#killChildren()
      await this.#container.kill({ signal: 'SIGKILL' })
      await this.#container.wait()
      await this.#container.start()
    } catch (error) {
      throw new Error(dockerMessage(error), { cause: error })
    }
    await this.#untilLogin.waitUntilReady(this.#container)
    return this.url
  }

  /**
   * A container's processes are killed when its first one has died: long enough after for the others
   * to see that, and to tell their clients. So that one is held still until they are dead.
   */
  async #killChildren(): Promise<void> {
    await this.#container.kill({ signal: 'SIGSTOP' })
    const kill = await this.#container.exec({ Cmd: ['sh', '-c', 'kill -KILL -1'] })
    const output = await kill.start({})
    output.on('error', () => {}).resume()
    const deadline = performance.now() + killLimitMs
    for (;;) {
      const { Running: isRunning, ExitCode: code } = await kill.inspect()
      if (!isRunning && code === 0) return
      if (!isRunning && code !== null) {
        throw new Error(`its processes could not be killed: sh ended with code ${code}.`)
      }
      if (performance.now() > deadline) {
        throw new Error(`its processes were not killed within ${killLimitMs / 1000} s.`)
      }
      await sleep(killPollMs)
    }
  }
}
