/** The database systems Lockstep knows how to speak to. */
export const engineNames = ['postgres', 'mysql', 'mariadb'] as const

/** Name of a database system: see {@link engineNames}. */
export type EngineName = (typeof engineNames)[number]
