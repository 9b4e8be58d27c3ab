import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const script = join(import.meta.dirname, '..', 'images.ts')

function images(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  })
  return { status, stdout, stderr }
}

test('an unknown image is refused with the known ones', () => {
  expect(images(['mysql:5'])).toEqual({
    status: 1,
    stdout: '',
    stderr:
      'images: There is no image "mysql:5": choose from mysql:9, mariadb:11.8, mariadb:10.11, postgres:17, postgres:15.\n',
  })
})

test('a missing tool is named', ({ skip }) => {
  if (process.getuid?.() !== 0) return skip('only root gets as far as the tools')
  expect(images([], { PATH: '/nonexistent' })).toEqual({
    status: 1,
    stdout: '',
    stderr:
      'images: docker is needed and not installed: on Debian, apt-get install docker.io debootstrap.\n',
  })
})
