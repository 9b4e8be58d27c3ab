import { defineConfig } from 'vitest/config'
import { prepareRun } from './properties/settings/prepare.ts'
import { reporters, results } from './properties/settings/reporters.ts'
import { StageSequencer } from './properties/settings/sequencer.ts'
import { stages } from './properties/settings/stages.ts'

/** Where random schedules begin and what has changed: the same for all files of a run. */
const prepared = prepareRun(import.meta.dirname)

/** One PostgreSQL for all workers; each opens lanes of its own on it. */
const globalSetup = 'harness/testing/global-setup.ts'

/** The files of each stage. */
const files = {
  corpus: ['properties/corpus.props.ts'],
  changed: ['properties/*-changed.props.ts'],
  expectations: ['properties/**/*.props.ts', 'applications/*.props.ts'],
  search: ['properties/search.props.ts'],
} as const satisfies Record<(typeof stages)[number], readonly string[]>

/** Opening and closing takes as long as the machine is busy with the tests of others. */
const hookTimeout = 60_000

const json = results()
const outputFiles: Record<string, string> = json === undefined ? {} : { json }

export default defineConfig({
  test: {
    // All cores: half of a worker's time is spent waiting for a server.
    maxWorkers: '100%',
    reporters: reporters(),
    outputFile: outputFiles,
    sequence: { sequencer: StageSequencer },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{harness,strategies,applications,properties,scripts,bench}/**/*.test.ts'],
          exclude: ['**/*.e2e.test.ts'],
          globalSetup,
          testTimeout: 30_000,
          hookTimeout,
        },
      },
      {
        // These start servers of their own, as the command line does.
        test: {
          name: 'e2e',
          include: ['scripts/**/*.e2e.test.ts'],
          // Most of them wait for their turn, which is part of it: see scripts/fixtures/program.ts.
          testTimeout: 180_000,
          hookTimeout,
          maxConcurrency: 50,
        },
      },
      {
        test: {
          name: 'props',
          include: prepared.stages.flatMap((stage) => files[stage]),
          exclude: stages
            .filter((stage) => stage !== 'expectations' && !prepared.stages.includes(stage))
            .flatMap((stage) => files[stage]),
          globalSetup,
          setupFiles: ['properties/time-budget.setup.ts'],
          testTimeout: 600_000,
          hookTimeout,
        },
      },
    ],
  },
})
