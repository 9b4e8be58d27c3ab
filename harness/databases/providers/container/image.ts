import type { EngineName } from '../../engine-name.ts'
import type { ServerChoice } from '../provider.ts'

/** The official images of the versions that are tested. */
export const officialImages = {
  postgres: 'postgres:18',
  mysql: 'mysql:9',
  mariadb: 'mariadb:11.8',
} as const satisfies Record<EngineName, string>

/** What `pnpm images` makes of Debian packages, for machines that reach no registry. */
export const localImages = {
  postgres: 'lockstep/postgres:17',
  mysql: 'lockstep/mysql:9',
  mariadb: 'lockstep/mariadb:11.8',
} as const satisfies Record<EngineName, string>

export const imageVariable = (engine: EngineName): string =>
  `LOCKSTEP_${engine.toUpperCase()}_IMAGE`

/** The image asked for: by the caller, else by the environment, else the official one. */
export const chooseImage = (engine: EngineName, { image }: ServerChoice = {}): string =>
  image || process.env[imageVariable(engine)] || officialImages[engine]
