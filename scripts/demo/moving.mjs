// The migration from one model to the other, while a user keeps asking.
import { keepAsking } from './asking.mjs'
import { newer, older } from './models.mjs'
import { questions } from './questions.mjs'
import { bar, bold, columns, dim, green, liveLine, milliseconds, number, red, say } from './screen.mjs'

export async function move(revector, signal) {
  const asked = keepAsking(
    revector,
    questions.map(({ query }) => query),
  )
  let done = 0
  let total = 0
  let phase = 'Moving'
  const width = Math.min(24, Math.max(6, columns - 72))
  const line = liveLine(
    () =>
      `${phase.padEnd(8)}  ${bar(done, total, width)}  ${number(done)} of ${number(total)}  ${dim('│')}  ${number(asked.answered)} searches, ${asked.errors.length} errors, p50 ${milliseconds(asked.quantile(0.5))}`,
  )
  const start = performance.now()
  let ms = 0
  try {
    await revector.ingestion.migrateToNewModel({
      sourceModel: older.modelName,
      targetModel: newer.modelName,
      signal,
      onProgress: (event) => {
        if (event.type === 'fill.started' || event.type === 'fill.batch') {
          done = event.doneChunks
          total = event.totalChunks
        }
        if (event.type === 'index.building') phase = 'Indexing'
      },
    })
    ms = performance.now() - start
    // A little longer, so that people meet the new model too.
    const met = asked.answered + 20
    while (asked.answered < met && asked.errors.length === 0 && !signal.aborted)
      await new Promise((resolve) => setTimeout(resolve, 20))
  } finally {
    await asked.stop()
    line.end()
  }
  const [p50, p99] = [asked.quantile(0.5), asked.quantile(0.99)]
  say(`${bold(`${number(total)} passages`)} embedded again in ${milliseconds(ms)}. No search had to wait:`)
  say(
    `${bold(number(asked.answered))} searches answered meanwhile, ${asked.errors.length === 0 ? green('0 errors') : red(`${asked.errors.length} errors: ${asked.errors[0].message}`)}, p50 ${milliseconds(p50)}, p99 ${milliseconds(p99)}`,
  )
  say(dim([...asked.byModel].map(([model, n]) => `${number(n)} by ${model}`).join(', then ')))
  return { ms, answered: asked.answered, errors: asked.errors.length, p50, p99 }
}
