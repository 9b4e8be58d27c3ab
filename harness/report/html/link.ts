/**
 * Joins modules into one script, as a page that is a single file cannot import any. They may import
 * named bindings of their neighbours (`import { a } from './b.js'`) and export declarations: anything
 * else is refused, so that nothing is lost unseen.
 *
 * @param entry name of the module that is run last, such as `main.js`
 * @param read the source of a module, by name
 * @throws {Error} where a module imports or exports otherwise, or they import one another in a circle.
 */
export function link(entry: string, read: (name: string) => string): string {
  const linked = new Map<string, string>()
  const visit = (name: string, above: readonly string[]): void => {
    if (above.includes(name)) throw new Error(`${[...above, name].join(' imports ')}.`)
    if (linked.has(name)) return
    const source = read(name)
    for (const [, , from = ''] of source.matchAll(importing)) visit(from, [...above, name])
    linked.set(name, scopeOf(name, source))
  }
  visit(entry, [])
  return `'use strict'\n${[...linked.values()].join('\n')}`
}

const importing = /^import \{([^}]*)\} from '\.\/([^']+)'\n/gm
const exporting = /^export (?=(?:async )?(?:function|const|class) (\w+))/gm

/** A module as a function that is called at once and returns what it exports. */
function scopeOf(name: string, source: string): string {
  const names = [...source.matchAll(exporting)].map(([, exported]) => exported)
  const body = source
    .replaceAll(
      importing,
      (_, bindings: string, from: string) => `const {${bindings}} = ${variableOf(from)}\n`,
    )
    .replaceAll(exporting, '')
  const [rest] = /^(?:import|export)\b.*$/m.exec(body) ?? []
  if (rest !== undefined) throw new Error(`${name} has what cannot be joined: ${rest}`)
  return `const ${variableOf(name)} = (() => {\n${body}\nreturn { ${names.join(', ')} }\n})()`
}

const variableOf = (name: string): string => `$${name.replaceAll(/\W/g, '_')}`
