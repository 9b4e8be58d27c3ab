import { extname } from 'node:path'

/**
 * The URL of a module that is started rather than imported: as a process or a thread of its own.
 *
 * It is a `.ts` file in a checkout and a `.js` file in the package, like the module that asks.
 *
 * @param name of the module, without what it ends with
 * @param asking the `import.meta.url` of a module in the same folder
 */
export function moduleBeside(name: string, asking: string): URL {
  return new URL(`${name}${extname(new URL(asking).pathname)}`, asking)
}
