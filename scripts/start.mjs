// npm start: the service on the embedded engine, with its console. Options go to `revector serve`; a database URL among
// them, or a folder, is used in place of ./.revector. package.json starts it with the shell's `exec`, so that a signal to
// npm reaches this process and not a shell between them; where a shell has no exec, call `node scripts/start.mjs`.
import './ensure.mjs'

const byNpm = process.env.npm_lifecycle_event === 'start'
if (byNpm) {
  endWithParent()
  takeInterruptsTogether()
}
const given = process.argv.slice(2)
const place = given.some((argument) => /^--(database-url|data-dir)(=|$)/.test(argument))
// Named here so that a DATABASE_URL in the environment is not what a first look writes to.
const folder = place ? [] : ['--data-dir', process.env.REVECTOR_DATA_DIR || './.revector']
const { main } = await import('../dist/cli/main.js')
process.exitCode = await main([...folder, 'serve', ...given])

/** An npm that was killed can't tell us, but leaves us to another parent. */
function endWithParent() {
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    process.kill(process.pid, 'SIGTERM')
  }, 500)
  watch.unref()
}

/**
 * A terminal sends Ctrl-C to npm and to us, and npm passes its own on: that is one wish to stop, not the second one,
 * which would end the service at once.
 */
function takeInterruptsTogether() {
  const emit = process.emit.bind(process)
  let last = Number.NEGATIVE_INFINITY
  process.emit = (event, ...rest) => {
    if (event !== 'SIGINT') return emit(event, ...rest)
    const since = performance.now() - last
    last = performance.now()
    return since < 500 || emit(event, ...rest)
  }
}
