import { configDefaults, defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { findBrowser } from './test/support/browser.ts'
import { nodeFlags } from './test/support/node-flags.ts'
import { hasPeers } from './test/support/peers.ts'

/** Small files that take long. Vitest begins with the largest; these at the end would leave a processor without work. */
const long =
  /\/test\/(docs\/(commands|runbook)|examples|migrate\/histories|cli\/(guide|interrupted-run))\.test\.ts$/

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isLong = ({ moduleId }: TestSpecification): boolean => long.test(moduleId)
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    include: ['test/**/*.test.ts'],
    // Without a browser or the peers the global set-up says that these did not run, and fails where they are required.
    exclude: [
      ...configDefaults.exclude,
      ...(findBrowser() === null ? ['test/**/*.browser.test.ts'] : []),
      ...(hasPeers() ? [] : ['test/peers/**']),
    ],
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
