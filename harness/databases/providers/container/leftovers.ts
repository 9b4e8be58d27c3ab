import type { ContainerRuntimeClient } from 'testcontainers'
import { hasEnded, type Owner } from './owner.ts'

type Docker = ContainerRuntimeClient['container']['dockerode']

/** Every container that Lockstep starts has it, with a value of its own. */
export const idLabel = 'lockstep.container'

/** Who stops the container, as JSON. One that is left for later has none. */
export const ownerLabel = 'lockstep.owner'

/** The labelled containers, whatever state they are in. */
export function findContainers(
  docker: Docker,
  label: string,
): ReturnType<Docker['listContainers']> {
  return docker.listContainers({ all: true, filters: { label: [label] } })
}

/** Removes the container with that id of ours, if there is one, and says how many there were. */
export async function removeContainer(docker: Docker, id: string): Promise<number> {
  const found = await findContainers(docker, `${idLabel}=${id}`)
  await Promise.all(found.map(({ Id }) => remove(docker, Id)))
  return found.length
}

/** Removes the containers whose owner has ended without doing so, and whose keeper was killed too. */
export async function sweep(docker: Docker): Promise<void> {
  const found = await findContainers(docker, ownerLabel)
  const abandoned = found.filter(({ Labels }) => isAbandoned(Labels[ownerLabel] ?? ''))
  // One that cannot be removed is no reason for a new server not to start.
  await Promise.allSettled(abandoned.map(({ Id }) => remove(docker, Id)))
}

function isAbandoned(label: string): boolean {
  try {
    return hasEnded(JSON.parse(label) as Owner)
  } catch {
    // Another version's, or somebody else's: not for us to judge.
    return false
  }
}

const notFound = 404
const removalInProgress = 409

/** With its data. Somebody else may be removing it as well: then it is waited for. */
async function remove(docker: Docker, dockerId: string): Promise<void> {
  const container = docker.getContainer(dockerId)
  try {
    await container.remove({ force: true, v: true })
  } catch (error) {
    const { statusCode } = error as { readonly statusCode?: number }
    if (statusCode === notFound) return
    if (statusCode !== removalInProgress) throw error
    // It may be gone before anybody waits.
    await container.wait({ condition: 'removed' }).catch(() => undefined)
  }
}
