import { isStrategy, type Strategy } from '../harness/index.ts'
import type { ApplicationId } from './expectations.ts'

/** The application of a file: only when it is asked for, as each brings a whole library with it. */
export async function loadApplication(id: ApplicationId): Promise<Strategy> {
  const file = new URL(`${id}.ts`, import.meta.url)
  const { default: exported } = (await import(file.href)) as { readonly default: unknown }
  if (!isStrategy(exported)) throw new Error(`applications/${id}.ts exports no application.`)
  return exported
}
