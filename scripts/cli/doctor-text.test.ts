import { expect, test } from 'vitest'
import type { Diagnosis } from '../../harness/index.ts'
import { describeDiagnosis } from './doctor-text.ts'

const machine: Diagnosis['machine'] = {
  node: '26.1.0',
  platform: 'linux x64',
  root: false,
  temporaryFolder: { path: '/tmp', freeBytes: 12_340_000_000 },
  memory: { freeBytes: 3_000_000_000, totalBytes: 8_000_000_000 },
}

const docker: Diagnosis['docker'] = {
  answers: true,
  address: 'unix:///var/run/docker.sock',
  version: '28.1',
  images: [
    { name: 'postgres:18', present: true },
    { name: 'mysql:9', present: false },
  ],
}

const noDocker: Diagnosis['docker'] = {
  answers: false,
  reason: 'Docker is not there.',
  remedy: 'Start it.',
}

test('what there is, and what is taken', () => {
  const engines: Diagnosis['engines'] = [
    {
      engine: 'postgres',
      title: 'PostgreSQL',
      auto: 'embedded',
      providers: [
        { provider: 'url', usable: 'no', detail: 'No URL is given.', remedy: 'Give one.' },
        { provider: 'embedded', usable: 'yes', detail: 'postgres 18.4' },
      ],
    },
    {
      engine: 'mysql',
      title: 'MySQL',
      auto: 'container',
      providers: [{ provider: 'container', usable: 'maybe', detail: 'mysql:9 is not there yet.' }],
    },
  ]
  expect(describeDiagnosis({ machine, docker, engines })).toBe(`\
Node         26.1.0 on linux x64
TMPDIR       /tmp, 12.3 GB free
memory       3.0 GB of 8.0 GB free
Docker       28.1 at unix:///var/run/docker.sock
images       there: postgres:18; not there: mysql:9

PostgreSQL: --database postgres takes provider embedded
  url        no     No URL is given. Give one.
  embedded   yes    postgres 18.4

MySQL: --database mysql tries provider container
  container  maybe  mysql:9 is not there yet.`)
})

test('what is missing, within 100 columns', () => {
  const text = describeDiagnosis({
    machine: {
      ...machine,
      root: true,
      temporaryFolder: { path: '/nonexistent', freeBytes: null },
    },
    docker: noDocker,
    engines: [
      {
        engine: 'mariadb',
        title: 'MariaDB',
        auto: null,
        providers: [
          { provider: 'local', usable: 'no', detail: 'long '.repeat(20), remedy: 'Install it.' },
        ],
      },
    ],
  })
  expect(text).toBe(`\
Node         26.1.0 on linux x64, as root
TMPDIR       /nonexistent, cannot be looked at: make it, or set TMPDIR to another folder
memory       3.0 GB of 8.0 GB free
Docker       Docker is not there. Start it.

MariaDB: --database mariadb finds no server
  local      no     ${'long '.repeat(16).trim()}
             ${'long '.repeat(4)} Install it.`)
})

test('a URL that cannot be used stands in the way of the others', () => {
  const text = describeDiagnosis({
    machine,
    docker: noDocker,
    engines: [
      {
        engine: 'postgres',
        title: 'PostgreSQL',
        auto: null,
        providers: [
          { provider: 'url', usable: 'no', detail: 'Nothing listens there.' },
          { provider: 'embedded', usable: 'yes', detail: 'postgres 18.4' },
        ],
      },
    ],
  })
  expect(text).toContain(
    'PostgreSQL: --database postgres has a URL that cannot be used, and nothing else is tried then\n',
  )
})
