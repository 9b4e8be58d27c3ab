import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Cell, Results } from '../../comparison/results.ts'
import { launchBrowser, whyNoBrowser } from './fixtures/browser.ts'
import { cellOf, measured, withCells } from './fixtures/results.ts'
import { renderReport } from './report.ts'

const missing = whyNoBrowser()
/** A violation with a wait in it. */
const waiting = 'redemption/select-for-update/postgres/repeatable-read'
const hashOf = (id: string): string => `#cell=${encodeURIComponent(id)}`

let browser: Browser
let folder: string
let checks: string

beforeAll(async () => {
  if (missing !== undefined) return
  folder = await mkdtemp(path.join(tmpdir(), 'lockstep-page-'))
  checks = await readFile(new URL('fixtures/checks.js', import.meta.url), 'utf8')
  browser = await launchBrowser()
})

afterAll(async () => {
  if (missing !== undefined) return
  await browser.close()
  await rm(folder, { recursive: true })
})

interface Opened {
  readonly page: Page
  /** Errors and warnings of its console, and whatever it threw. */
  readonly complaints: string[]
  /** Everything it asked for, itself included. */
  readonly requests: string[]
}

let files = 0

/** The report in a browser of its own; at the end of the test it must not have complained. */
async function open(
  results: Results,
  hash = '',
  options: BrowserContextOptions = {},
): Promise<Opened> {
  const file = path.join(folder, `report-${(files += 1)}.html`)
  await writeFile(file, renderReport(results))
  const context = await browser.newContext(options)
  const page = await context.newPage()
  const complaints: string[] = []
  const requests: string[] = []
  page.on('console', (message) => complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('request', (request) => requests.push(request.url()))
  onTestFinished(async () => {
    await context.close()
    expect(complaints).toEqual([])
    expect(new Set(requests)).toEqual(new Set([pathToFileURL(file).href]))
  })
  await page.goto(pathToFileURL(file).href + hash)
  return { page, complaints, requests }
}

/** The first of this name: the filters of the matrix come before those of the plots. */
const choice = (page: Page, name: string): Locator =>
  page.getByRole('combobox', { name, exact: true }).first()

const focusedCell = (page: Page): Promise<string | null> =>
  page.evaluate<string | null>('document.activeElement?.getAttribute("data-id") ?? null')

const overflow = (page: Page): Promise<number> =>
  page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')

const faults = (page: Page): Promise<string[]> => page.evaluate<string[]>(`${checks}\ncheckPage()`)

describe.skipIf(missing)(`the page ${missing ?? ''}`, () => {
  test('shows every cell with a sign, a word and a figure', async () => {
    const { page } = await open(measured())
    const cell = page.locator(`[data-id="purchase/read-modify-write/postgres/read-committed"]`)
    expect(await cell.innerText()).toMatch(/^✕\s*violated\s+\d+ %, at \d+$/)
    expect(await page.locator('.matrix button').count()).toBe(measured().cells.length)
    expect(await page.locator('.matrix th.platform').allInnerTexts()).toEqual([
      'PostgreSQL',
      'MySQL',
      'MariaDB',
      'MariaDB, snapshot isolation',
    ])
  })

  test('opens a cell on a click, with its counterexample as lanes, and gives the focus back', async () => {
    const { page } = await open(measured())
    await page.locator(`[data-id="${waiting}"]`).click()
    const dialog = page.getByRole('dialog', { name: 'redemption/select-for-update' })
    await dialog.waitFor()
    expect(await dialog.locator('.lane-name').allInnerTexts()).toEqual(['A', 'B'])
    expect(await dialog.locator('.wait').count()).toBe(1)
    expect(await dialog.locator('.arrow.left').count()).toBe(1)
    expect(await dialog.getByText('waits for A').isVisible()).toBe(true)
    expect(await dialog.getByText('one-redemption-per-user').first().isVisible()).toBe(true)
    expect(await dialog.locator('.replay code').innerText()).toMatch(/replay ls1\.\S+$/)
    expect(page.url()).toContain(hashOf(waiting))
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'hidden' })
    expect(await focusedCell(page)).toBe(waiting)
    expect(page.url()).not.toContain('cell=')
  })

  test('copies the command that replays a counterexample', async () => {
    const options = { permissions: ['clipboard-read', 'clipboard-write'] }
    const { page } = await open(measured(), hashOf(waiting), options)
    await page.getByRole('button', { name: 'Copy' }).click()
    await page.getByText('copied').waitFor()
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(
      await page.locator('.replay code').innerText(),
    )
  })

  test('selects that command where it may not be copied', async () => {
    const { page } = await open(measured(), hashOf(waiting), { permissions: [] })
    await page.evaluate('navigator.clipboard.writeText = () => Promise.reject(new Error("no"))')
    await page.getByRole('button', { name: 'Copy' }).click()
    await page.getByText('press Ctrl+C to copy it').waitFor()
    expect(await page.evaluate('String(getSelection())')).toBe(
      await page.locator('.replay code').innerText(),
    )
  })

  test('draws a wait from where it begins to where the statement goes on', async () => {
    const { page } = await open(measured(), hashOf(waiting))
    const wait = await page.locator('.wait').boundingBox()
    const before = await page
      .locator('.box.statement', { hasText: 'FOR UPDATE' })
      .last()
      .boundingBox()
    const after = await page.locator('.box.outcome').boundingBox()
    const meanwhile = await page
      .locator('.box.statement', { hasText: 'COMMIT' })
      .first()
      .boundingBox()
    expect(wait!.y).toBeGreaterThanOrEqual(before!.y + before!.height)
    expect(wait!.y + wait!.height).toBeLessThanOrEqual(after!.y)
    expect(meanwhile!.y).toBeGreaterThan(wait!.y)
    expect(meanwhile!.y + meanwhile!.height).toBeLessThan(wait!.y + wait!.height)
    const arrow = await page.locator('.arrow').boundingBox()
    // From the lane of B into that of A.
    expect(arrow!.x).toBeLessThan(meanwhile!.x + meanwhile!.width)
    expect(arrow!.x + arrow!.width).toBeGreaterThanOrEqual(wait!.x - 20)
  })

  test('is gone through with the keys', async () => {
    const { page } = await open(measured())
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    expect(await focusedCell(page)).toBe('purchase/read-modify-write/postgres/read-committed')
    await page.keyboard.press('ArrowRight')
    expect(await focusedCell(page)).toBe('purchase/read-modify-write/postgres/repeatable-read')
    await page.keyboard.press('ArrowDown')
    expect(await focusedCell(page)).toBe('purchase/check-then-decrement/postgres/repeatable-read')
    await page.keyboard.press('Control+End')
    expect(await focusedCell(page)).toContain('redemption/select-for-update/mariadb')
    await page.keyboard.press('Control+Home')
    await page.keyboard.press('ArrowUp')
    expect(await focusedCell(page)).toBe('purchase/read-modify-write/postgres/read-committed')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    await page.getByRole('button', { name: 'Close' }).press('Enter')
    expect(await focusedCell(page)).toBe('purchase/read-modify-write/postgres/read-committed')
    // Out of the matrix and back into it: to the same cell.
    await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Tab')
    expect(await focusedCell(page)).toBe('purchase/read-modify-write/postgres/read-committed')
  })

  test('filters, says how many are left, and keeps it in the address', async () => {
    const { page } = await open(measured())
    await choice(page, 'Verdict').selectOption('violated')
    await choice(page, 'Database').selectOption('PostgreSQL')
    await page.getByLabel('Strategy').fill('check')
    const shown = await page.locator('.matrix button').count()
    expect(shown).toBeGreaterThan(0)
    expect(await page.locator('.matrix button.violated').count()).toBe(shown)
    expect(await page.getByRole('status').first().innerText()).toBe(
      `${shown} of ${measured().cells.length} cells shown`,
    )
    expect(await page.locator('.matrix tbody th[scope=row]').allInnerTexts()).toEqual([
      'check-then-decrement',
      'check-then-insert',
    ])
    await page.reload()
    expect(await page.locator('.matrix button').count()).toBe(shown)
    expect(await page.getByLabel('Strategy').inputValue()).toBe('check')
    await page.getByRole('button', { name: 'Show all' }).click()
    expect(await page.locator('.matrix button').count()).toBe(measured().cells.length)
    await page.getByLabel('Strategy').fill('no such strategy')
    expect(await page.getByText('No cell is left by the filters.').isVisible()).toBe(true)
  })

  test('opens the cell that its address names, and closes it into the matrix', async () => {
    const { page } = await open(measured(), hashOf(waiting))
    await page.getByRole('dialog', { name: 'redemption/select-for-update' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    expect(await focusedCell(page)).toBe(waiting)
  })

  test('says that an address names no cell of it', async () => {
    const { page } = await open(measured(), '#cell=purchase%2Fgone%2Fpostgres%2Fserializable')
    expect(await page.getByText('There is no such cell').isVisible()).toBe(true)
  })

  test('plots cost on every database, and the front with its names', async () => {
    const { page } = await open(measured())
    const panels = page.locator('.panels')
    expect(await panels.count()).toBe(3)
    for (const index of [0, 1, 2]) {
      expect(await panels.nth(index).locator('figcaption').allInnerTexts()).toContain('PostgreSQL')
    }
    expect(await panels.nth(2).locator('svg g[aria-label="text"] text').count()).toBeGreaterThan(0)
    const pressed = page.locator('.legend button[aria-pressed=true]')
    const before = await pressed.count()
    await pressed.first().click()
    expect(await pressed.count()).toBe(before - 1)
    await page.getByRole('combobox', { name: 'Workload' }).last().selectOption('redemption')
    expect(await page.locator('.legend').innerText()).toContain('unique-constraint')
  })

  test.each(['light', 'dark'] as const)(
    'has names, order and contrast for everybody: %s',
    async (colorScheme) => {
      const { page } = await open(measured(), '', { colorScheme })
      expect(await faults(page)).toEqual([])
      await page.locator(`[data-id="${waiting}"]`).click()
      await page.getByRole('dialog').waitFor()
      for (const details of await page.locator('dialog summary').all()) await details.click()
      expect(await faults(page)).toEqual([])
    },
  )

  test('is dark when the system is, or when asked', async () => {
    const { page } = await open(measured(), '', { colorScheme: 'dark' })
    const ground = (): Promise<string> =>
      page.evaluate<string>('getComputedStyle(document.body).backgroundColor')
    expect(await ground()).toBe('rgb(21, 23, 26)')
    await page.getByText('light', { exact: true }).click()
    expect(await ground()).toBe('rgb(255, 255, 255)')
    await page.reload()
    expect(await ground()).toBe('rgb(255, 255, 255)')
  })

  test('fits a screen 360 pixels wide, with a cell open too', async () => {
    const { page } = await open(measured(), '', { viewport: { width: 360, height: 740 } })
    expect(await overflow(page)).toBeLessThanOrEqual(0)
    await page.locator(`[data-id="${waiting}"]`).click()
    const box = await page.locator('.box.statement').first().boundingBox()
    expect(box!.width).toBeGreaterThan(200)
    expect(
      await page.evaluate<number>('document.querySelector("dialog").scrollWidth'),
    ).toBeLessThanOrEqual(360)
  })

  test('is printed whole, or an open cell alone and whole', async () => {
    const { page } = await open(measured())
    const isVisible = (selector: string): Promise<boolean> => page.locator(selector).isVisible()
    const pagesOf = async (): Promise<number> => {
      const pdf = await page.pdf({ preferCSSPageSize: true })
      return pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)?.length ?? 0
    }
    await page.emulateMedia({ media: 'print' })
    expect(await isVisible('.matrix')).toBe(true)
    expect(await pagesOf()).toBeGreaterThanOrEqual(2)
    await page.emulateMedia({ media: 'screen' })
    await page.locator(`[data-id="${waiting}"]`).click()
    await page.emulateMedia({ media: 'print' })
    expect(await isVisible('.matrix')).toBe(false)
    expect(await isVisible('.lanes')).toBe(true)
    expect(
      await page.evaluate('getComputedStyle(document.querySelector("dialog")).overflowY'),
    ).toBe('visible')
    expect(await pagesOf()).toBeGreaterThanOrEqual(2)
  })

  test('shows what a database says as text, whatever it says', async () => {
    const results = measured()
    const evil = `</script><!--<script><img src=x onerror="window.isHacked = true">\u2028 ]]>`
    const cell = cellOf(results, 'purchase/read-modify-write/postgres/read-committed')
    const found = cell.safety!.searches[0]!.counterexample!
    found.message = evil
    found.text = evil
    found.history.push({
      kind: 'failed',
      actor: 0,
      step: 1,
      error: { errorClass: 'other', code: evil, message: evil },
      transaction: 'none',
    })
    results.strategies[0]!.summary = evil
    const other = { ...cell, strategy: evil }
    const { page } = await open(withCells(results, [cell, other]))
    expect(await page.locator('.matrix tbody th[scope=row]').allTextContents()).toEqual([
      'read-modify-write',
      evil,
    ])
    await page.locator('.matrix button').first().click()
    expect(await page.locator('.error').innerText()).toContain('<img src=x onerror=')
    expect(await page.locator('.message').innerText()).toContain('</script><!--')
    expect(await page.locator('img').count()).toBe(0)
    expect(await page.evaluate('"isHacked" in window')).toBe(false)
  })

  test('may not run a script that is added to it, nor load anything', async () => {
    const { page, complaints, requests } = await open(measured())
    await page.evaluate(
      `document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.isHacked = true' }))`,
    )
    await page.evaluate(
      `document.body.append(Object.assign(document.createElement('img'), { src: 'https://example.org/x.png' }))`,
    )
    expect(await page.evaluate('"isHacked" in window')).toBe(false)
    expect(complaints.splice(0).join('\n')).toMatch(/Content Security Policy/)
    requests.splice(1)
  })

  test('is quick and small enough with 560 cells', async () => {
    const results = measured()
    const many = Array.from({ length: 8 }, (_, index) =>
      results.cells.map((cell) => ({ ...cell, strategy: `${cell.strategy}-${index}` })),
    ).flat()
    const { page } = await open(withCells(results, many))
    expect(await page.locator('.matrix button').count()).toBe(560)
    expect(await page.evaluate<number>('document.documentElement.outerHTML.length')).toBeLessThan(
      10 * 2 ** 20,
    )
    const startedAt = performance.now()
    await choice(page, 'Verdict').selectOption('violated')
    expect(await page.locator('.matrix button').count()).toBe(144)
    expect(performance.now() - startedAt).toBeLessThan(3_000)
  })

  test.each(['nothing', 'one cell', 'no cost', 'no safety'] as const)(
    'can show %s',
    async (what) => {
      const results = measured()
      const left: Cell[] =
        what === 'nothing' ? [] : what === 'one cell' ? results.cells.slice(0, 1) : results.cells
      for (const cell of left) {
        if (what === 'no cost') delete cell.cost
        if (what === 'no safety') delete cell.safety
      }
      const { page } = await open(withCells(results, left))
      expect(await page.locator('h1').innerText()).not.toBe('')
      expect(await faults(page)).toEqual([])
    },
  )
})
