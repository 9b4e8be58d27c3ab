import { describe, expect, test } from 'vitest'
import { link } from './link.ts'

/** Runs modules, the last of which exports nothing and calls `done`. */
function run(modules: Readonly<Record<string, string>>): unknown {
  let result: unknown
  const script = link('main.js', (name) => {
    const source = modules[name]
    if (source === undefined) throw new Error(`There is no module ${name}.`)
    return source
  })
  // oxlint-disable-next-line typescript/no-implied-eval -- this is what a page does with it
  new Function('done', script)((value: unknown) => {
    result = value
  })
  return result
}

describe('modules that are joined', () => {
  test('see what they import, and nothing else of one another', () => {
    const modules = {
      'main.js': `import { add } from './add.js'\nimport {\n  one,\n  two,\n} from './numbers.js'\nconst hidden = 'mine'\ndone([add(one, two), hidden])\n`,
      'add.js': `const hidden = 'its own'\nexport function add(a, b) {\n  return a + b\n}\n`,
      'numbers.js': `export const one = 1\nexport const two = 2\n`,
    }
    expect(run(modules)).toEqual([3, 'mine'])
  })

  test('are run once, before those that import them', () => {
    const modules = {
      'main.js': `import { a } from './a.js'\nimport { b } from './b.js'\ndone(a === b)\n`,
      'a.js': `import { shared } from './shared.js'\nexport const a = shared\n`,
      'b.js': `import { shared } from './shared.js'\nexport const b = shared\n`,
      'shared.js': `export const shared = {}\n`,
    }
    expect(run(modules)).toBe(true)
  })

  test.each([
    `import * as all from './a.js'\n`,
    `import one from './a.js'\n`,
    `import './a.js'\n`,
    `import { a } from 'a'\n`,
    `export default 1\n`,
    `export { a }\n`,
    `export const { a } = b\n`,
    `export let a = 1\n`,
  ])('are refused where something would be lost: %j', (source) => {
    expect(() => link('main.js', () => source)).toThrow(/^main.js has what cannot be joined: /)
  })

  test('are refused where they import one another in a circle', () => {
    const read = (name: string): string =>
      name === 'a.js' ? `import { b } from './b.js'\n` : `import { a } from './a.js'\n`
    expect(() => link('a.js', read)).toThrow('a.js imports b.js imports a.js.')
  })
})
