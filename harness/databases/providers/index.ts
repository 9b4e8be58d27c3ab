import { DatabaseFault, Fault, UsageError } from '../../errors.ts'
import { byName } from '../../names.ts'
import type { Engine } from '../engine.ts'
import type { DatabaseServer } from '../server.ts'
import { container } from './container.ts'
import { embedded } from './embedded.ts'
import { local } from './local.ts'
import { Unavailable, type Provider, type ProviderName, type ServerChoice } from './provider.ts'
import { chosenUrl, url } from './url.ts'

/** The ways to obtain a server, in the order in which they are tried. */
export const providers: readonly Provider[] = [url, embedded, local, container]

/**
 * A server of the engine for the caller, who stops it. Without a provider in the choice, the first
 * one is taken that has what it needs. A URL that is given is used, or is wrong: nothing else is
 * tried then, as its owner would not know what was tested.
 *
 * @throws {UsageError} when the choice contradicts itself, or no such server can be had that way.
 * @throws {DatabaseFault} when there is no way to get a server, with the reasons, or when one does
 *   not start.
 */
export async function obtainServer(
  engine: Engine,
  choice: ServerChoice = {},
): Promise<DatabaseServer> {
  const chosen = chosenProvider(engine, choice)
  return firstAvailable(chosen ? [chosen] : providersFor(engine), engine, choice)
}

/**
 * A server from the first of the providers that has what it needs. One that has it all and fails is
 * not passed over.
 *
 * @throws {DatabaseFault} when none has, with the reasons, or when one fails.
 */
export async function firstAvailable(
  candidates: readonly Provider[],
  engine: Engine,
  choice: ServerChoice,
): Promise<DatabaseServer> {
  const reasons: string[] = []
  for (const provider of candidates) {
    try {
      return await provider.start(engine.name, choice)
    } catch (error) {
      if (!(error instanceof Unavailable)) throw asFault(engine, error)
      reasons.push(`  ${provider.name}: ${error.message} ${error.remedy}`)
    }
  }
  throw new DatabaseFault([`There is no ${engine.title} to be had.`, ...reasons].join('\n'))
}

const providersFor = (engine: Engine): readonly Provider[] =>
  providers.filter(({ engines }) => engines.includes(engine.name))

/** The provider that the choice leaves as the only one, if it does. */
function chosenProvider(engine: Engine, choice: ServerChoice): Provider | undefined {
  const implied = impliedProvider(choice)
  const { provider: name = implied?.provider } = choice
  if (name === undefined) return chosenUrl(engine.name, choice) && url
  const provider = byName('provider', providers, name)
  if (implied && implied.provider !== name) {
    throw new UsageError(
      `${implied.option} is for provider "${implied.provider}", and not for "${name}": leave one of them out.`,
    )
  }
  if (provider.engines.includes(engine.name)) return provider
  const names = providersFor(engine).map((each) => `"${each.name}"`)
  throw new UsageError(
    `Provider "${name}" has no ${engine.title}: choose ${names.join(' or ')}, or leave --provider out.`,
  )
}

/** What only one of the providers has a use for. */
function impliedProvider({
  url: text,
  image,
  reuse,
}: ServerChoice): { readonly provider: ProviderName; readonly option: string } | undefined {
  if (text !== undefined) return { provider: 'url', option: '--url' }
  if (image !== undefined) return { provider: 'container', option: '--image' }
  if (reuse) return { provider: 'container', option: '--reuse' }
  return undefined
}

function asFault(engine: Engine, error: unknown): Error {
  if (error instanceof Fault || error instanceof UsageError) return error
  const reason = error instanceof Error ? error.message : String(error)
  return new DatabaseFault(`${engine.title} could not be started: ${reason}`)
}
