/**
 * What can be told of a transaction's fate from a statement's text alone. Where it is not certain that
 * nothing is committed, something may be: to look once more at what others can see costs little.
 */

/** Comments before the first word. Those of MySQL and MariaDB that are executed are none. */
const commented = /^\s*(?:(?:\/\*(?!M?!|\+)[^]*?\*\/|--[^\n]*(?:\n|$))\s*)*/

/** The text from its first word. */
export const fromFirstWord = (text: string): string => text.replace(commented, '')

/** Whether it may hold several statements; a semicolon in a literal or a comment counts, too. */
export const mayBeSeveral = (text: string): boolean => /;\s*\S/.test(text)

/** Whether it begins a transaction, which in InnoDB commits the one before. */
export const begins = (text: string): boolean =>
  /^(?:begin|start)\b/i.test(fromFirstWord(text)) && !mayBeSeveral(text)

const staying =
  /^(?:select|with|values|table|show|insert|replace|update|delete|merge|savepoint|release|rollback|abort|fetch|declare|close|lock)\b/i
/** Sets nothing but what it names: `SET autocommit = 1` commits, and in `SET @a = f()` anything may happen. */
const setting = /^set\b(?!.*(?:autocommit|\())/is

/** Whether a statement in a transaction certainly commits nothing of it. */
export function commitsNothingInside(text: string): boolean {
  const statement = fromFirstWord(text)
  return !mayBeSeveral(statement) && (staying.test(statement) || setting.test(statement))
}
