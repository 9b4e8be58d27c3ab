import type { EngineName } from '../engine-name.ts'
import { chooseImage, imageVariable, localImages } from '../providers/container/image.ts'
import { findBinaries } from '../providers/embedded/binaries.ts'
import { findAccount } from '../providers/keeper/account.ts'
import { proveRunnable } from '../providers/keeper/installation.ts'
import { kinds } from '../providers/keeper/kinds/index.ts'
import { findInstallation } from '../providers/local/installed.ts'
import { Unavailable, type ProviderName } from '../providers/provider.ts'
import { chosenUrl, url } from '../providers/url.ts'
import { parseServerUrl } from '../providers/url/address.ts'
import { askVersion } from '../providers/url/version.ts'
import type { DockerFindings } from './docker.ts'

/** Whether a provider can serve an engine here, found out without starting anything. */
export interface Finding {
  readonly provider: ProviderName
  /** `maybe` where only a start can tell. */
  readonly usable: 'yes' | 'maybe' | 'no'
  /** What it would use, or why it cannot. */
  readonly detail: string
  /** What would make it usable. */
  readonly remedy?: string
}

type Look = (
  engine: EngineName,
  docker: DockerFindings,
) => Promise<Omit<Finding, 'provider' | 'usable'> & { readonly usable?: 'maybe' }>

export async function lookAtProvider(
  provider: ProviderName,
  engine: EngineName,
  docker: DockerFindings,
): Promise<Finding> {
  try {
    return { provider, usable: 'yes', ...(await looks[provider](engine, docker)) }
  } catch (error) {
    const { message } = error as Error
    const remedy = error instanceof Unavailable && { remedy: error.remedy }
    return { provider, usable: 'no', detail: message, ...remedy }
  }
}

const looks: Readonly<Record<ProviderName, Look>> = {
  url: async (engine) => {
    // This connects to the server and checks the user's privileges, and leaves nothing there.
    const server = await url.start(engine, {})
    const { text = '', source = '' } = chosenUrl(engine, {}) ?? {}
    const { place } = parseServerUrl(engine, text, source)
    return { detail: `${source}: ${await askVersion(engine, server.url)} at ${place}` }
  },

  embedded: async (engine) => {
    await findAccount(kinds[engine])
    const { server } = await findBinaries()
    // Not run as the account that it would run as: that one may get a copy.
    return { detail: await proveRunnable(kinds[engine], server, undefined) }
  },

  local: async (engine) => {
    const account = await findAccount(kinds[engine])
    const { server } = await findInstallation(kinds[engine], account)
    const version = await proveRunnable(kinds[engine], server, account)
    return { detail: version.startsWith(server) ? version : `${server}: ${version}` }
  },

  container: async (engine, docker) => {
    if (!docker.answers) throw new Unavailable(docker.reason, docker.remedy)
    const isPresent = (image: string): boolean =>
      docker.images.some(({ name, present }) => present && name === image)
    const [image, local] = [chooseImage(engine), localImages[engine]]
    if (isPresent(image)) return { detail: image }
    const remedy = isPresent(local)
      ? `${local} is there: set ${imageVariable(engine)} to it.`
      : `Or make ${local} with pnpm images, and set ${imageVariable(engine)} to it.`
    return { usable: 'maybe', detail: `${image} is not there yet: it has to be pulled.`, remedy }
  },
}
