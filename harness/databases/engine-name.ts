/** The database systems Lockstep knows how to speak to. */
export const engineNames = ['postgres', 'mysql', 'mariadb'] as const

export type EngineName = (typeof engineNames)[number]
