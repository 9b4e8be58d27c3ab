import { fromFirstWord } from './commits.ts'
import type { Statement } from './statement.ts'

const making =
  /\b(?:create\b(?!\s+(?:(?:local|global)\s+)?temp)|(?:drop|alter|rename|call|execute)\b|do\s+(?:\$|'|language\b))|(?:^|;)\s*(?:select|with)\b[^;]*\binto\b(?!\s*(?:@|temp(?:orary)?\b))/i

/** Whether a statement may make tables or remove some, by its text. What a function does is not in it. */
export const mayMakeTables = ({ parts }: Statement): boolean =>
  making.test(fromFirstWord(parts.join('?')))
