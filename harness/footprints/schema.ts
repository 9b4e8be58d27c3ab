/** Makes tables and indexes that stand for themselves. */
const plain =
  /^\s*(?:create\s+table|create\s+(?:unique\s+)?index|alter\s+table|create\s+sequence)\b/i
const tangling = /\b(?:references|inherits|partition|execute|default\s+nextval|like)\b/i

/**
 * Whether, with such a schema, a statement may touch more than what it names: through foreign keys,
 * triggers, views, rules, functions or partitions. Then no two statements are known to commute.
 *
 * @param statements all that made the tables.
 */
export const isTangled = (statements: readonly string[]): boolean =>
  statements.some((each) => !plain.test(each) || tangling.test(each))
