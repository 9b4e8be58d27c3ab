import { execFile } from 'node:child_process'
import { userInfo } from 'node:os'
import { promisify } from 'node:util'
import { Unavailable } from '../provider.ts'
import type { ServerKind } from './kind.ts'

/** An account of this machine for a server's processes to run as. */
export interface Account {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

/**
 * The account to change to, or undefined to stay who we are: servers refuse to run as root, and
 * nobody else can change. No account is ever created.
 *
 * @throws {Unavailable} when root has nobody to run it as
 * @throws {Error} when the account asked for does not exist or is not allowed
 */
export async function findAccount(kind: ServerKind, runAs?: string): Promise<Account | undefined> {
  const { title, accounts } = kind
  if (process.getuid?.() !== 0) return stayWhoWeAre(title, runAs)
  for (const name of runAs === undefined ? accounts : [runAs]) {
    const account = await lookUp(name)
    if (account?.uid === 0) throw new Error(`${title} refuses to run as ${name}: that is root.`)
    if (account) return account
  }
  const refusal = `${title} refuses to run as root, and this machine has no account named `
  if (runAs !== undefined) throw new Error(`${refusal}${runAs} to run it as.`)
  throw new Unavailable(
    `${refusal}${accounts.join(' or ')} to run it as.`,
    'Run Lockstep as an ordinary user, or make one of these accounts.',
  )
}

function stayWhoWeAre(title: string, runAs?: string): undefined {
  if (runAs === undefined || runAs === userInfo().username) return
  throw new Error(`${title} cannot be run as ${runAs}: only root can start it as somebody else.`)
}

async function lookUp(name: string): Promise<Account | undefined> {
  // `id` and not /etc/passwd, which does not have the accounts of macOS or of a directory service.
  const ask = async (flag: string) =>
    Number((await promisify(execFile)('id', [flag, '--', name])).stdout.trim())
  try {
    return { name, uid: await ask('-u'), gid: await ask('-g') }
  } catch {
    return undefined
  }
}
