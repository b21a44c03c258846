// A reporter for vitest: the last word of a run is `N passed, N failed`, alone on a line. A file that could not
// be loaded and an error outside every test count as failures, and so does a run without a single test.
export default class TestCounts {
  onTestRunEnd(modules, unhandledErrors) {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const states = tests.map((test) => test.result().state)
    const passed = states.filter((state) => state === 'passed').length
    const unloaded = modules.filter((module) => module.errors().length > 0).length
    const suites = modules
      .flatMap((module) => [...module.children.allSuites()])
      .filter((suite) => suite.errors().length > 0).length
    let failed = states.filter((state) => state === 'failed').length
    failed += unloaded + suites + unhandledErrors.length
    if (passed + failed === 0) failed = 1
    if (failed > 0) process.exitCode = 1
    const skipped = states.filter((state) => state === 'skipped').length
    const open = states.filter((state) => state === 'pending').length
    if (skipped > 0) process.stdout.write(`${skipped} skipped\n`)
    if (open > 0) process.stdout.write(`${open} not finished\n`)
    process.stdout.write(`\n${passed} passed, ${failed} failed\n`)
  }
}
