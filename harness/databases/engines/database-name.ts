import { randomBytes } from 'node:crypto'

/** What the names of all databases begin with that Lockstep makes, and nobody else's should. */
export const databasePrefix = 'lockstep_'

/** The name of a new database: nobody else's, however many use the server. */
export const newDatabaseName = (): string => databasePrefix + randomBytes(8).toString('hex')
