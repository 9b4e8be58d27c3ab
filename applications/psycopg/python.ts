import { spawnSync } from 'node:child_process'

/** The one on PATH, and the one that packages of the system are installed for. */
const candidates = ['python3', '/usr/bin/python3']

let found: string | undefined

/** A Python that has psycopg; undefined where there is none. */
export function findPython(): string | undefined {
  found ??= candidates.find(
    (python) => spawnSync(python, ['-c', 'import psycopg'], { stdio: 'ignore' }).status === 0,
  )
  return found
}
