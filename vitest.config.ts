import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{harness,strategies,properties,scripts,bench}/**/*.test.ts'],
          exclude: ['**/*.e2e.test.ts'],
          globalSetup: 'harness/testing/global-setup.ts',
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'props',
          include: ['properties/**/*.props.ts'],
          globalSetup: 'harness/testing/global-setup.ts',
          testTimeout: 600_000,
        },
      },
    ],
  },
})
