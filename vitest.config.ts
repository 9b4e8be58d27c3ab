import { defineConfig } from 'vitest/config'

/** Where random schedules begin: the same for all files of a run, and another one in every run. */
process.env['LOCKSTEP_SEED'] ??= String(Math.floor(Math.random() * 2 ** 31))

/** Where to write a summary for programs, besides what people read. */
const results = process.env['LOCKSTEP_RESULTS']

/** One PostgreSQL for all workers; each opens lanes of its own on it. */
const globalSetup = 'harness/testing/global-setup.ts'

export default defineConfig({
  test: {
    // All cores: half of a worker's time is spent waiting for a server.
    maxWorkers: '100%',
    reporters: ['default', ...(results === undefined ? [] : ['json'])],
    ...(results !== undefined && { outputFile: results }),
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{harness,strategies,properties,scripts,bench}/**/*.test.ts'],
          exclude: ['**/*.e2e.test.ts'],
          globalSetup,
          testTimeout: 30_000,
        },
      },
      {
        // These start servers of their own, as the command line does.
        test: {
          name: 'e2e',
          include: ['scripts/**/*.e2e.test.ts'],
          testTimeout: 60_000,
          // Most of them wait for their turn: see scripts/fixtures/program.ts.
          maxConcurrency: 50,
        },
      },
      {
        test: {
          name: 'props',
          include: ['properties/**/*.props.ts'],
          globalSetup,
          testTimeout: 600_000,
        },
      },
    ],
  },
})
