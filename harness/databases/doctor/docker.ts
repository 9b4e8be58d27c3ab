import { engineNames } from '../engine-name.ts'
import { findDocker } from '../providers/container/docker.ts'
import { chooseImage, localImages, officialImages } from '../providers/container/image.ts'
import { Unavailable } from '../providers/provider.ts'

/** What is known of Docker. */
export type DockerFindings =
  | {
      readonly answers: true
      readonly address: string
      readonly version: string
      /** Those that Lockstep has a use for, and whether they are there already. */
      readonly images: readonly { readonly name: string; readonly present: boolean }[]
    }
  | { readonly answers: false; readonly reason: string; readonly remedy: string }

export async function lookAtDocker(): Promise<DockerFindings> {
  try {
    const { address, version } = await findDocker()
    const images = await Promise.all(
      knownImages().map(async (name) => ({ name, present: await isPresent(name) })),
    )
    return { answers: true, address, version, images }
  } catch (error) {
    const { message } = error as Error
    const remedy = error instanceof Unavailable ? error.remedy : ''
    return { answers: false, reason: message, remedy }
  }
}

const knownImages = (): readonly string[] => [
  ...new Set(
    engineNames.flatMap((name) => [chooseImage(name), officialImages[name], localImages[name]]),
  ),
]

async function isPresent(image: string): Promise<boolean> {
  // Loaded only when needed, since it takes longer than all the rest.
  const { getContainerRuntimeClient, ImageName } = await import('testcontainers')
  const { image: images } = await getContainerRuntimeClient()
  // Docker refuses to look for what cannot be the name of an image.
  return images.exists(ImageName.fromString(image)).catch(() => false)
}
