import { configDefaults, defineConfig } from 'vitest/config'
import { findBrowser } from './test/support/browser.ts'
import { nodeFlags } from './test/support/node-flags.ts'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Without a browser the global set-up says that these did not run, and fails where one is required.
    exclude: [...configDefaults.exclude, ...(findBrowser() === null ? ['test/**/*.browser.test.ts'] : [])],
    globalSetup: ['test/support/global-setup.ts'],
    // Each file in a process of its own: worker threads, signals and exits are part of what is tested.
    pool: 'forks',
    execArgv: [...nodeFlags],
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    coverage: { provider: 'v8', include: ['src/**'] },
  },
})
