import { randomBytes } from 'node:crypto'
import {
  GenericContainer,
  getContainerRuntimeClient,
  ImageName,
  type ContainerRuntimeClient,
  type StartedTestContainer,
} from 'testcontainers'
import type { EngineName } from '../../engine-name.ts'
import type { DatabaseServer } from '../../server.ts'
import { crashOf } from '../crash/crash.ts'
import { kinds } from '../keeper/kinds/index.ts'
import { Unavailable, type ServerChoice } from '../provider.ts'
import { dockerMessage, findDocker } from './docker.ts'
import { Guard } from './guard.ts'
import { hostOf } from './host.ts'
import { chooseImage, imageVariable, localImages } from './image.ts'
import { findContainers, idLabel, ownerLabel, removeContainer, sweep } from './leftovers.ts'
import { thisProcess } from './owner.ts'
import { UntilLogin, whyEnded } from './readiness.ts'
import { Running } from './running.ts'
import { servers, type ServerInContainer } from './server.ts'

/** Of a container that is left for later, with what it serves as its value. */
const reuseLabel = 'lockstep.reuse'

const passwordBytes = 16

/**
 * Testcontainers has modules for the three engines, but those wait for a port (MySQL and MariaDB) or
 * need a tool inside the image (PostgreSQL), and add an account and a database of their own.
 */
class ServerContainer extends GenericContainer {
  readonly #client: ContainerRuntimeClient
  readonly #ended = Promise.withResolvers<never>()
  readonly #started = new AbortController()

  constructor(image: string, client: ContainerRuntimeClient) {
    super(image)
    this.#client = client
    // Removing the container is ours to see to: the one that Testcontainers starts for it needs an
    // image more.
    this.withAutoCleanup(false)
  }

  /** Testcontainers waits for the ports of a container even when it has ended long ago. */
  override async start(): Promise<StartedTestContainer> {
    try {
      return await Promise.race([super.start(), this.#ended.promise])
    } finally {
      this.#started.abort()
    }
  }

  protected override async beforeContainerCreated(): Promise<void> {
    // Another machine's, or another container's, loopback would be out of our reach.
    if ((await hostOf(this.#client)) !== 'localhost') return
    const ports = Object.keys(this.hostConfig.PortBindings as object)
    this.hostConfig.PortBindings = Object.fromEntries(
      ports.map((port) => [port, [{ HostIp: '127.0.0.1', HostPort: '0' }]]),
    )
  }

  protected override async containerCreated(dockerId: string): Promise<void> {
    const container = this.#client.container.getById(dockerId)
    const abortSignal = this.#started.signal
    void container
      .wait({ condition: 'next-exit', abortSignal })
      .then(async () => this.#ended.reject(await whyEnded(container)))
      // It has started, or has been removed: start() knows more.
      .catch(() => {})
  }
}

/**
 * Starts the engine in a container, or finds one that was left for later.
 *
 * @throws {Unavailable} when there is no Docker or no image.
 * @throws {Error} when the server does not start, with the end of its log.
 */
export async function launch(engine: EngineName, choice: ServerChoice): Promise<DatabaseServer> {
  const client = await connect()
  const image = chooseImage(engine, choice)
  await sweep(client.container.dockerode)
  await obtainImage(client, engine, image)
  if (!choice.reuse) return startGuarded(client, engine, image, choice.durable)
  const { url } = await findOrStart(client, engine, image)
  return { engine, provider: 'container', url, stop: async () => {} }
}

async function connect(): Promise<ContainerRuntimeClient> {
  const { address } = await findDocker()
  try {
    return await getContainerRuntimeClient()
  } catch (error) {
    throw new Unavailable(
      `Docker answers at ${address}, but Testcontainers cannot use it: ${(error as Error).message}.`,
      'Set DEBUG=testcontainers* to see why, or choose another provider with --provider.',
    )
  }
}

async function obtainImage(
  client: ContainerRuntimeClient,
  engine: EngineName,
  image: string,
): Promise<void> {
  const name = ImageName.fromString(image)
  if (await client.image.exists(name)) return
  try {
    await client.image.pull(name, { force: false, platform: undefined })
  } catch (error) {
    const local = localImages[engine]
    throw new Unavailable(
      `The image ${image} is not there and cannot be pulled: ${dockerMessage(error)}.`,
      `Set ${imageVariable(engine)} to an image that can, or make one with: pnpm images ${local.replace('lockstep/', '')} && export ${imageVariable(engine)}=${local}`,
    )
  }
}

async function startGuarded(
  client: ContainerRuntimeClient,
  engine: EngineName,
  image: string,
  durable = false,
): Promise<DatabaseServer> {
  const id = newSecret()
  const guard = new Guard(id)
  let isStopped = false
  const stop = async (): Promise<void> => {
    isStopped = true
    try {
      await removeContainer(client.container.dockerode, id)
      await guard.dismiss()
    } catch {
      // Docker does not answer. The keeper goes on trying.
      guard.handOver()
    }
  }
  try {
    const labels = { [idLabel]: id, [ownerLabel]: JSON.stringify(thisProcess()) }
    const running = await start(client, engine, image, newSecret(), { labels, durable })
    const { title } = kinds[engine]
    const comeBack = (): Promise<string> => running.comeBack()
    const crash = crashOf({ engine, title, comeBack, isStopped: () => isStopped, stop })
    return {
      engine,
      provider: 'container',
      // Another one after a kill.
      get url() {
        return running.url
      },
      ...(durable && { crash }),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function findOrStart(
  client: ContainerRuntimeClient,
  engine: EngineName,
  image: string,
): Promise<Running> {
  const label = `${engine} ${image}`
  const password = await passwordOfReused(client, engine, label)
  const labels = { [reuseLabel]: label }
  return start(client, engine, image, password ?? newSecret(), { labels, reuse: true })
}

/** Testcontainers knows a container again by all it was made with, the password too. */
async function passwordOfReused(
  client: ContainerRuntimeClient,
  engine: EngineName,
  label: string,
): Promise<string | undefined> {
  const docker = client.container.dockerode
  const [found] = await findContainers(docker, `${reuseLabel}=${label}`)
  if (!found) return undefined
  const { Config } = await docker.getContainer(found.Id).inspect()
  const prefix = `${servers[engine].passwordVariable}=`
  return Config.Env.find((each) => each.startsWith(prefix))?.slice(prefix.length)
}

const newSecret = (): string => randomBytes(passwordBytes).toString('hex')

/** What becomes of a container. */
interface Purpose {
  readonly labels: Record<string, string>
  readonly reuse?: boolean
  readonly durable?: boolean
}

async function start(
  client: ContainerRuntimeClient,
  engine: EngineName,
  image: string,
  password: string,
  { labels, reuse = false, durable = false }: Purpose,
): Promise<Running> {
  const server: ServerInContainer = servers[engine]
  const untilLogin = new UntilLogin(engine, password, await hostOf(client))
  const container = new ServerContainer(image, client)
    .withEnvironment({ ...server.environment, [server.passwordVariable]: password })
    .withCommand([...server.command(image, { durable })])
    // What is in memory goes with the container's processes.
    .withTmpFs(durable ? {} : { [server.dataFolder]: 'rw' })
    .withExposedPorts(server.port)
    .withLabels(labels)
    .withWaitStrategy(untilLogin)
  try {
    const started = await (reuse ? container.withReuse() : container).start()
    return new Running(client.container.getById(started.getId()), server, untilLogin)
  } catch (error) {
    throw new Error(dockerMessage(error), { cause: error })
  }
}
