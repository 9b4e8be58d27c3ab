import { engineNames, type EngineName } from '../engine-name.ts'
import { providers } from '../providers/index.ts'
import { kinds } from '../providers/keeper/kinds/index.ts'
import type { ProviderName } from '../providers/provider.ts'
import { chosenUrl } from '../providers/url.ts'
import { lookAtDocker, type DockerFindings } from './docker.ts'
import { lookAtMachine, type Machine } from './machine.ts'
import { lookAtProvider, type Finding } from './provider.ts'

/** What there is here to run databases on. Plain data, without passwords. */
export interface Diagnosis {
  readonly machine: Machine
  readonly docker: DockerFindings
  readonly engines: readonly EngineFindings[]
}

export interface EngineFindings {
  readonly engine: EngineName
  readonly title: string
  /** The provider that is taken when none is named, or null where there is none. */
  readonly auto: ProviderName | null
  /** In the order in which they are tried. */
  readonly providers: readonly Finding[]
}

/** Looks around, without starting a server. */
export async function diagnose(): Promise<Diagnosis> {
  const docker = await lookAtDocker()
  const engines = await Promise.all(engineNames.map((engine) => lookAtEngine(engine, docker)))
  return { machine: lookAtMachine(), docker, engines }
}

async function lookAtEngine(engine: EngineName, docker: DockerFindings): Promise<EngineFindings> {
  const findings = await Promise.all(
    providers
      .filter(({ engines }) => engines.includes(engine))
      .map(({ name }) => lookAtProvider(name, engine, docker)),
  )
  const { title } = kinds[engine]
  return { engine, title, auto: firstUsable(engine, findings), providers: findings }
}

/** A URL that is given is used, or is wrong: nothing else is tried then. */
function firstUsable(engine: EngineName, findings: readonly Finding[]): ProviderName | null {
  const tried = chosenUrl(engine, {}) ? findings.slice(0, 1) : findings
  return tried.find(({ usable }) => usable !== 'no')?.provider ?? null
}
