import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Results } from '../../comparison/results.ts'
import { printable } from '../../words.ts'
import type { AnyWorkload } from '../../workload.ts'
import { workloads as knownWorkloads } from '../../workloads/index.ts'
import { link } from './link.ts'
import { viewOf } from './view.ts'

/**
 * What a comparison has measured as a page: one file that asks nothing of any network. All texts in it
 * are data, which the page's script puts in as text: none of them is ever HTML, whoever wrote them.
 *
 * @param workloads describe the commands of counterexamples; by default those of Lockstep.
 */
export function renderReport(
  results: Results,
  workloads: readonly AnyWorkload[] = knownWorkloads,
): string {
  const view = viewOf(results, workloads)
  const scripts = [
    packaged('d3', 'd3.min.js'),
    packaged('@observablehq/plot', 'plot.umd.min.js'),
    link('main.js', (name) => neighbour(`client/${name}`)),
  ].map(harmless)
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy(scripts)}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<title>Lockstep comparison</title>',
    `<style>\n${neighbour('report.css')}</style>`,
    '</head>',
    '<body>',
    '<noscript>This page is drawn by its script, and scripts are turned off. The same figures are in results.json and summary.md beside it.</noscript>',
    `<script type="application/json" id="data">${asData(view)}</script>`,
    ...scripts.map((script) => `<script>${script}</script>`),
    '</body>',
    '</html>',
    '',
  ].join('\n')
}

/** Nothing may be loaded, and no script may run but these. Plots bring styles of their own. */
function policy(scripts: readonly string[]): string {
  const hashes = scripts.map(
    (script) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`,
  )
  return [
    `default-src 'none'`,
    `script-src ${hashes.join(' ')}`,
    `style-src 'unsafe-inline'`,
    `base-uri 'none'`,
    `form-action 'none'`,
  ].join('; ')
}

/** JSON that does not end the element it stands in, with control characters written out. */
const asData = (view: object): string =>
  JSON.stringify(view, (_, value: unknown) =>
    typeof value === 'string' ? printable(value) : value,
  ).replaceAll(
    /[<\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

function harmless(script: string): string {
  if (/<\/script|<!--/i.test(script)) {
    throw new Error('A script of the page contains what would end its element.')
  }
  // As a browser reads it, or the policy would not know it again.
  return script.replaceAll('\r\n', '\n')
}

const neighbour = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')

/** A file of a package that is made for pages, and that its `exports` do not name. */
const packaged = (name: string, file: string): string =>
  readFileSync(new URL(`../dist/${file}`, import.meta.resolve(name)), 'utf8')
