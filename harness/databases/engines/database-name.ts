import { randomBytes } from 'node:crypto'

/** What the names of all databases begin with that Lockstep makes, and nobody else's should. */
export const databasePrefix = 'lockstep_'

/** The name of a new database: nobody else's, however many use the server. */
export const newDatabaseName = (): string => databasePrefix + randomBytes(8).toString('hex')

/** A text in which such a name is no different from any other: an application may write it into its statements. */
export const withAnyDatabase = (text: string): string => text.replaceAll(generated, databasePrefix)

const generated = new RegExp(`\\b${databasePrefix}[0-9a-f]{16}\\b`, 'g')
