import { statfsSync } from 'node:fs'
import { freemem, tmpdir, totalmem } from 'node:os'

/** What does not depend on any database. */
export interface Machine {
  readonly node: string
  readonly platform: string
  readonly root: boolean
  readonly temporaryFolder: {
    readonly path: string
    /** Null where the folder cannot be looked at. */
    readonly freeBytes: number | null
  }
  readonly memory: { readonly freeBytes: number; readonly totalBytes: number }
}

export const lookAtMachine = (): Machine => ({
  node: process.versions.node,
  platform: `${process.platform} ${process.arch}`,
  root: process.getuid?.() === 0,
  temporaryFolder: { path: tmpdir(), freeBytes: freeBytes(tmpdir()) },
  memory: { freeBytes: freemem(), totalBytes: totalmem() },
})

function freeBytes(path: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(path)
    return bavail * bsize
  } catch {
    return null
  }
}
