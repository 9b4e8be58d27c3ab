import {
  defineApplication,
  redemption,
  startLines,
  type Redeem,
  type Reply,
  type Strategy,
} from '../../harness/index.ts'
import { findPython } from './python.ts'

/** A program in Python for each actor, which is asked on its standard input. */
export const defineCoupons = (
  name: string,
  way: 'look' | 'insert',
  definition: { readonly summary: string; readonly schema?: readonly string[] },
): Strategy =>
  defineApplication({
    name: `psycopg-${name}`,
    workload: redemption,
    ...definition,
    claims: [
      'one-redemption-per-user',
      'no-redemption-after-deactivation',
      'ok-has-its-redemption',
    ],
    engines: ['postgres'],
    actors: 'own',
    start: ({ url }) =>
      startLines({
        command: [findPython() ?? 'python3', 'coupons.py', way],
        cwd: import.meta.dirname,
        env: { DATABASE_URL: url },
      }),
    stop: (program) => program.stop(),
    execute: (program, command: Redeem) => program.ask<Reply>(command),
  })
