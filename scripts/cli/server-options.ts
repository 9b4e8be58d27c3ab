import { Option, type Command } from 'commander'
import {
  providerNames,
  unknownName,
  UsageError,
  type ProviderName,
  type ServerChoice,
} from '../../harness/index.ts'

/** What the options of `serverOptions` leave in a command's flags. */
export interface ServerFlags {
  readonly provider?: ProviderName | typeof automatic
  readonly url?: string
  readonly image?: string
  readonly reuse?: true
}

const automatic = 'auto'

/** Adds the options that say where the server comes from. */
export function serverOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--provider <name>', `where the server comes from: ${choices.join(', ')}`)
        .argParser(parseProvider)
        .default(automatic, automatic),
    )
    .option('--url <url>', 'a server that is there already (default: LOCKSTEP_<ENGINE>_URL)')
    .option('--image <image>', 'image of the container (default: LOCKSTEP_<ENGINE>_IMAGE)')
    .option('--reuse', 'keep the container for the next time, and use the one that was kept')
}

const choices = [automatic, ...providerNames] as const

function parseProvider(name: string): ProviderName | typeof automatic {
  const known = choices.find((each) => each === name)
  if (known) return known
  throw new UsageError(unknownName('provider', name, choices))
}

/** What the flags say about the server. */
export function serverChoice({ provider, url, image, reuse }: ServerFlags): ServerChoice {
  return { provider: provider === automatic ? undefined : provider, url, image, reuse }
}
