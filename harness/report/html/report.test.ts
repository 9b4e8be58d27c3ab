import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { cellOf, measured } from './fixtures/results.ts'
import { renderReport } from './report.ts'

/** What stands in the page's elements of one name. */
const contents = (page: string, name: string): string[] =>
  [...page.matchAll(new RegExp(`<${name}[^>]*>(.*?)</${name}>`, 'gs'))].map(([, text = '']) => text)

describe('the file', () => {
  test('lets only its own scripts run, and nothing be loaded', () => {
    const page = renderReport(measured())
    const [, policy = ''] =
      /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page) ?? []
    expect(policy).toMatch(/^default-src 'none'; script-src 'sha256-/)
    expect(policy).not.toContain("script-src 'unsafe-inline'")
    const scripts = contents(page, 'script').slice(1)
    expect(scripts).toHaveLength(3)
    for (const script of scripts) {
      expect(policy).toContain(createHash('sha256').update(script).digest('base64'))
    }
  })

  test('has its data as JSON that cannot end the element it stands in', () => {
    const results = measured()
    const evil = '</script><script>alert(1)</script>\u2028\u0007'
    const { safety } = cellOf(results, 'purchase/read-modify-write/postgres/read-committed')
    safety!.searches[0]!.counterexample!.message = evil
    const page = renderReport(results)
    expect(page).not.toContain('<script>alert')
    const [data = ''] = contents(page, 'script')
    expect(data).not.toContain('<')
    expect(data).not.toContain('\u2028')
    // What a terminal would do, a page does not show: it is written out as everywhere.
    expect(data).toContain('alert(1)\\u003c/script>\\u2028\\\\u{7}')
    expect(JSON.stringify(JSON.parse(data))).toContain('</script><script>alert(1)</script>\u2028')
  })

  test('is the same for the same results', () => {
    expect(renderReport(measured())).toBe(renderReport(measured()))
  })
})
