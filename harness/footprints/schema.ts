/** Makes tables and indexes that stand for themselves. */
const plain =
  /^\s*(?:create\s+table|create\s+(?:unique\s+)?index|alter\s+table|create\s+sequence)\b/i
const tangling =
  /\b(?:references|inherits?|partition|execute|nextval|next\s+value|view|rule|trigger|function|procedure|like|collate|citext)\b/i
/** Without transactions, or with the rows of other tables: only InnoDB's are as they are taken to be. */
const foreignEngine = /\bengine\s*=?\s*(?!['"`]?innodb\b)['"`\w]/i

/**
 * Whether, with such a schema, a statement may touch more than what it names: through foreign keys,
 * triggers, views, rules, functions or partitions, or find other rows than those with equal values,
 * through a collation. Then no two statements are known to commute.
 *
 * @param statements all that made the tables.
 */
export const isTangled = (statements: readonly string[]): boolean =>
  statements.some((each) => !plain.test(each) || tangling.test(each) || foreignEngine.test(each))

const creation = /\bcreate\s+table\s+(?:if\s+not\s+exists\s+)?(?:["`\w]+\s*\.\s*)?["`]?(\w+)["`]?/gi

/**
 * The tables that it makes, in lower case. Whatever else has rows, such as a view of the server's own
 * with the locks of all sessions, or a sequence, shows more than what is written there.
 */
export const tablesIn = (statements: readonly string[]): ReadonlySet<string> =>
  new Set(
    statements.flatMap((each) =>
      [...each.matchAll(creation)].map(([, name = '']) => name.toLowerCase()),
    ),
  )

/**
 * Names of columns that may be in a unique index. Whoever sets one of these may meet a row that has
 * the same value there, although it is another one. It may name others as well.
 *
 * @param statements all that made the tables.
 */
export function uniqueColumns(statements: readonly string[]): ReadonlySet<string> {
  const clauses = statements
    .map((each) => each.replaceAll(/'[^']*'/g, "''"))
    .flatMap((each) => (/^\s*create\s+table\b/i.test(each) ? clausesOf(each) : [each]))
  const words = clauses
    .filter((each) => /\b(?:unique|primary|exclude)\b/i.test(each))
    .flatMap((each) => each.match(/\w+/g) ?? [])
  return new Set(words.map((each) => each.toLowerCase()))
}

/** The clauses of CREATE TABLE: each has one column, or lists some in parentheses. */
function clausesOf(text: string): string[] {
  const clauses = ['']
  let depth = 0
  for (const char of text) {
    if (char === '(') depth += 1
    if (char === ')') depth -= 1
    if (char === ',' && depth <= 1) clauses.push('')
    else clauses.push((clauses.pop() ?? '') + char)
  }
  return clauses
}
