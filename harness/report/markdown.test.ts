import { describe, expect, test } from 'vitest'
import { codeBlock, escapeMarkdown, markdownTable } from './markdown.ts'

describe('text as Markdown', () => {
  test.for([
    ['a | b', String.raw`a \| b`],
    ['<script>alert(1)</script>', String.raw`&lt;script&gt;alert(1)&lt;/script&gt;`],
    ['**bold** _x_ `code` ~~no~~', String.raw`\*\*bold\*\* \_x\_ \`code\` \~\~no\~\~`],
    ['[link](http://a) ![image](b)', String.raw`\[link\](http://a) \!\[image\](b)`],
    ['one\n# two\n\n- three', String.raw`one \# two - three`],
    ['&amp; @everyone', String.raw`&amp;amp; \@everyone`],
    ['\u001B[31mred', String.raw`\\u{1b}\[31mred`],
  ] as const)('%j is what it says, and nothing else', ([text, escaped]) => {
    expect(escapeMarkdown(text)).toBe(escaped)
  })

  test('cannot end its own block', () => {
    const text = 'one\n```\n# two\n````\n<img src=x>'
    expect(codeBlock(text)).toBe(`\`\`\`\`\`text\n${text}\n\`\`\`\`\``)
  })

  test('keeps its lines in a block, but no code that a terminal would act on', () => {
    expect(codeBlock('  A   B\n  \u001B[2J\n')).toBe('```text\n  A   B\n  \\u{1b}[2J\n```')
  })
})

test('a table has a line for each row', () => {
  expect(markdownTable(['a', 'b'], [['1', '2']])).toBe('| a | b |\n| --- | --- |\n| 1 | 2 |')
})
