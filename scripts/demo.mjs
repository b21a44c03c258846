// npm run demo: changes the embedding model of a search that is being used, on the documentation that every machine
// has under node_modules. Uses nothing but the public library. Every figure is measured in the run that prints it.
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createRevector } from '../dist/index.js'
import { ask, compare, found, foundFirst, showOne } from './demo/answers.mjs'
import { collectDocumentation } from './demo/corpus.mjs'
import { newer, older } from './demo/models.mjs'
import { move } from './demo/moving.mjs'
import { openPlace, readArguments, usage } from './demo/place.mjs'
import { questions } from './demo/questions.mjs'
import {
  bar,
  bold,
  cyan,
  dim,
  figures,
  liveLine,
  megabytes,
  milliseconds,
  number,
  red,
  say,
  step,
  tell,
  title,
} from './demo/screen.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const began = performance.now()

const interruption = new AbortController()
// The first Ctrl-C ends what is under way and clears up, a second one ends the process.
process.once('SIGINT', () => interruption.abort())
const { signal } = interruption

try {
  const given = readArguments()
  if (given.help) process.stdout.write(usage)
  else await inPlace(given)
} catch (error) {
  const text = signal.aborted
    ? 'Interrupted; cleared away.'
    : `${red('error:')} ${error.message}${error.hint ? `\n hint: ${error.hint}` : ''}`
  process.stderr.write(`\n${text}\n`)
  process.exitCode = signal.aborted ? 130 : 1
}

/** Opens, tells the story, and clears away whatever happens. */
async function inPlace(given) {
  const place = await openPlace(given)
  try {
    const revector = await createRevector(place.options)
    try {
      await tellStory(revector, place, given)
    } finally {
      await revector.db.close()
    }
  } finally {
    await place.clear()
  }
}

async function tellStory(revector, place, given) {
  title('Revector: change the embedding model of a live search', `Node ${process.version} · ${place.name}`)

  step('A corpus every machine has')
  const corpus = collectDocumentation(join(root, 'node_modules'))
  tell(
    `${corpus.files.length} Markdown files, ${megabytes(corpus.bytes)}: the documentation of the packages under node_modules.`,
  )

  step(`Last year's model: ${older.modelName}`)
  tell(
    `It matches words and parts of words, ${older.dimension} numbers for a passage. No weights, no download.`,
  )
  await useOlder(revector)
  const ingested = await ingest(revector, corpus)

  step('Ask it')
  const before = await ask(revector, older.modelName, signal)
  showOne(before)

  step(`This year's model, while people keep asking`)
  tell(
    `${older.modelName} (${older.dimension}) → ${newer.modelName} (${newer.dimension}): a neural sentence encoder, on this machine.`,
  )
  const moved = await move(revector, signal)

  step('The same questions, both models')
  const after = await ask(revector, newer.modelName, signal)
  compare(before, after)

  step('Switch back, and forth')
  const switches = await switchBackAndForth(revector)

  step('What happened')
  const vectors = ingested.chunks
  figures([
    [
      'read',
      `${number(ingested.documents)} documents, ${number(ingested.chunks)} passages in ${milliseconds(ingested.ms)}`,
    ],
    [
      'moved',
      `${number(vectors)} passages from ${older.dimension} to ${newer.dimension} dimensions in ${milliseconds(moved.ms)} (${number(vectors / (moved.ms / 1_000))}/s)`,
    ],
    [
      'meanwhile',
      `${number(moved.answered)} searches answered, ${moved.errors} errors, p50 ${milliseconds(moved.p50)}, p99 ${milliseconds(moved.p99)}`,
    ],
    [
      'right answers',
      `first for ${foundFirst(before)} of ${questions.length} before, ${foundFirst(after)} after; in the first five for ${found(before)} before, ${found(after)} after`,
    ],
    [
      'switching',
      `${milliseconds(switches.back)} back, ${milliseconds(switches.forth)} forth, nothing computed again`,
    ],
    ['all of it', milliseconds(performance.now() - began)],
  ])
  say()
  if (given.keep === undefined) {
    say(dim('Nothing is left behind. To keep the folder and look around afterwards:'))
    say(cyan('npm run demo -- --keep demo-data'))
  } else {
    say(`Go on with it:`)
    say(cyan(`node bin/revector.js search "how do I colour text?" --data-dir ${given.keep}`))
    say(cyan(`node bin/revector.js models list --data-dir ${given.keep}`))
  }
  say()
}

async function useOlder({ db, models }) {
  await db.initialize()
  for (const model of [older, newer]) {
    const registered = (await models.list()).some(({ modelName }) => modelName === model.modelName)
    if (!registered) await models.add(model)
  }
  // There is nothing to search yet, so nothing is lost by switching to a model without vectors.
  await models.use(older.modelName, { force: true })
}

async function ingest(revector, corpus) {
  const start = performance.now()
  let done = 0
  const line = liveLine(
    () => `Reading  ${bar(done, corpus.files.length)}  ${done} of ${corpus.files.length} files`,
  )
  const report = await revector.ingestion.ingestPaths({
    paths: corpus.files,
    model: older.modelName,
    signal,
    onProgress: (event) => {
      if (event.type === 'ingest.document') done += 1
    },
  })
  line.end()
  const ms = performance.now() - start
  say(
    `${number(report.documents)} documents, ${bold(`${number(report.chunks)} passages`)} in ${milliseconds(ms)} (${number(report.chunks / (ms / 1_000))} passages/s)`,
  )
  return { ...report, ms }
}

async function switchBackAndForth({ models, retriever }) {
  const timed = async (modelName) => {
    const start = performance.now()
    await models.use(modelName)
    const ms = performance.now() - start
    const answer = await retriever.search({ query: questions[0].query, topK: 1 })
    const follows =
      answer.models[0] === modelName ? dim('✓ the next search uses it') : red('✗ the next search does not')
    say(
      `models use ${modelName.padEnd(newer.modelName.length)}  ${bold(milliseconds(ms).padStart(6))}  ${follows}`,
    )
    return ms
  }
  const back = await timed(older.modelName)
  const forth = await timed(newer.modelName)
  tell(
    'One short transaction. Both models keep their vectors, so there is nothing to compute and nothing to wait for.',
  )
  return { back, forth }
}
