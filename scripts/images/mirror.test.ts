import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { debianMirror } from './mirror.ts'

afterEach(() => vi.unstubAllEnvs())

function aptFolder(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-apt-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

test.each<[string, Record<string, string>, string]>([
  [
    'in one line',
    { 'sources.list': '# deb http://no/debian x\ndeb [arch=amd64] http://a.example/debian x main' },
    'http://a.example/debian',
  ],
  [
    'in several lines',
    { 'sources.list.d/debian.sources': 'Types: deb\nURIs: https://b.example/debian/\nSuites: x' },
    'https://b.example/debian/',
  ],
  [
    'after those of other packages',
    {
      'sources.list.d/a.list': 'deb https://other.example/apt x main',
      'sources.list.d/b.list':
        'deb http://c.example/debian-security x\ndeb http://c.example/debian x',
    },
    'http://c.example/debian',
  ],
  [
    'nowhere',
    { 'sources.list.d/ubuntu.list': 'deb http://d.example/ubuntu x main' },
    'http://deb.debian.org/debian',
  ],
  ['in no file at all', {}, 'http://deb.debian.org/debian'],
])('the mirror that apt is set to %s', (_, files, mirror) => {
  vi.stubEnv('LOCKSTEP_DEBIAN_MIRROR', '')
  expect(debianMirror(aptFolder(files))).toBe(mirror)
})

test('LOCKSTEP_DEBIAN_MIRROR comes first', () => {
  vi.stubEnv('LOCKSTEP_DEBIAN_MIRROR', 'http://mine.example/debian')
  expect(debianMirror(aptFolder({ 'sources.list': 'deb http://a.example/debian x' }))).toBe(
    'http://mine.example/debian',
  )
})
