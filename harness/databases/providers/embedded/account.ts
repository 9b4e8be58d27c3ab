import { execFile } from 'node:child_process'
import { userInfo } from 'node:os'
import { promisify } from 'node:util'

/** An account of this machine for PostgreSQL's processes to run as. */
export interface Account {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

const unprivileged = ['postgres', 'nobody']

/**
 * The account to change to, or undefined to stay who we are: PostgreSQL refuses to run as root, and
 * nobody else can change. No account is ever created.
 *
 * @throws {Error} when the account does not exist or is not allowed
 */
export async function findAccount(runAs?: string): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return stayWhoWeAre(runAs)
  for (const name of runAs === undefined ? unprivileged : [runAs]) {
    const account = await lookUp(name)
    if (account?.uid === 0) throw new Error(`PostgreSQL refuses to run as ${name}: that is root.`)
    if (account) return account
  }
  const missing = runAs === undefined ? unprivileged.join(' or ') : runAs
  throw new Error(
    `PostgreSQL refuses to run as root, and this machine has no account named ${missing} to run it as.`,
  )
}

function stayWhoWeAre(runAs?: string): undefined {
  if (runAs === undefined || runAs === userInfo().username) return
  throw new Error(`PostgreSQL cannot be run as ${runAs}: only root can start it as somebody else.`)
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
