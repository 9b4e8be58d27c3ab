import { UsageError } from '../../harness/index.ts'

/** What expressions can name: `matrix.shard`, `github.sha`. */
export type Context = Readonly<Record<string, string>>

/**
 * Writes the values of the expressions into a text: `${{ matrix.shard }}`.
 *
 * @throws {UsageError} when there is one that is more than a name, or a name that is not known.
 */
export function substitute(text: string, context: Context): string {
  return text.replaceAll(/\$\{\{(.*?)\}\}/gs, (_, expression: string) => {
    const name = expression.trim()
    const value = context[name]
    if (value !== undefined) return value
    throw new UsageError(
      `The expression "${name}" has no value here: leave the step out with --without, or give a value with --value "${name}=…".`,
    )
  })
}

/**
 * Whether a step or job is to be run.
 *
 * @param condition as the workflow has it; without one, only if nothing has failed before.
 * @throws {UsageError} when it is none of those that are understood.
 */
export function holds(condition: string | undefined, hasFailed: boolean): boolean {
  const inner = condition?.replace(/^\s*\$\{\{(.*)\}\}\s*$/s, '$1').trim()
  switch (inner) {
    case undefined:
    case 'success()':
      return !hasFailed
    case 'failure()':
      return hasFailed
    case 'always()':
    case '!cancelled()':
      return true
    default:
      throw new UsageError(`The condition "${inner}" is not understood here.`)
  }
}
