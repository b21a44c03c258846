// npm run demo: changes the embedding model of a search that is being used, on the documentation that every machine
// has under node_modules. Uses nothing but the public library. Every figure is measured in the run that prints it.
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createRevector } from '../dist/index.js'
import { keepAsking } from './demo/asking.mjs'
import { collectDocumentation } from './demo/corpus.mjs'
import { openPlace, readArguments, usage } from './demo/place.mjs'
import { questions } from './demo/questions.mjs'
import * as screen from './demo/screen.mjs'

const {
  bar,
  bold,
  cyan,
  dim,
  figures,
  green,
  liveLine,
  megabytes,
  milliseconds,
  number,
  red,
  say,
  step,
  tell,
} = screen

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const older = { modelName: 'lexical-hash-384', dimension: 384, provider: 'lexical-hash' }
const newer = { modelName: 'universal-sentence-encoder-lite', dimension: 512, provider: 'bundled' }
const began = performance.now()

try {
  const given = readArguments()
  if (given.help) process.stdout.write(usage)
  else await inPlace(given)
} catch (error) {
  process.stderr.write(`\n${red('error:')} ${error.message}\n${error.hint ? ` hint: ${error.hint}\n` : ''}`)
  process.exitCode = 1
}

/** Opens, tells the story, and clears away whatever happens. */
async function inPlace(given) {
  const place = await openPlace(given)
  const revector = await createRevector(place.options)
  const clear = async () => {
    await revector.db.close()
    await place.clear()
  }
  process.once('SIGINT', () => {
    process.stderr.write('\nInterrupted: clearing away.\n')
    clear().finally(() => process.exit(130))
  })
  try {
    await tellStory(revector, place, given)
  } finally {
    await clear()
  }
}

async function tellStory(revector, place, given) {
  screen.title(
    'Revector: change the embedding model of a live search',
    `Node ${process.version} · ${place.name}`,
  )

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
  const before = await ask(revector, older.modelName)
  showOne(before)

  step(`This year's model, while people keep asking`)
  tell(
    `${older.modelName} (${older.dimension}) → ${newer.modelName} (${newer.dimension}): a neural sentence encoder, on this machine.`,
  )
  const moved = await move(revector)

  step('The same questions, both models')
  const after = await ask(revector, newer.modelName)
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
      `${found(before)} of ${questions.length} before, ${found(after)} of ${questions.length} after (in the first 5)`,
    ],
    [
      'switching',
      `${milliseconds(switches.back)} back, ${milliseconds(switches.forth)} forth, nothing computed again`,
    ],
    ['all of it', milliseconds(performance.now() - began)],
  ])
  say()
  if (given.keep === undefined)
    tell(`Nothing is left behind. To look around afterwards: npm run demo -- --keep demo-data`)
  else {
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

/** Every question to one model: what it found first, and whether the right document was among the first five. */
async function ask(revector, modelName) {
  const answers = []
  for (const { query, expected } of questions) {
    const { hits } = await revector.retriever.search({ query, modelName, topK: 5 })
    const right = hits.findIndex(({ source }) => expected.some((part) => source?.includes(part)))
    answers.push({ query, hits, right: right === -1 ? null : right + 1 })
  }
  return answers
}

const found = (answers) => answers.filter(({ right }) => right !== null).length

function showOne(answers) {
  const { query, hits } = answers.find(({ right }) => right === null) ?? answers[0]
  say(bold(`“${query}”`))
  for (const hit of hits.slice(0, 2)) {
    say(`${dim(String(hit.rank))}  ${green(hit.score.toFixed(3))}  ${placeOf(hit)}`)
    say(`          ${dim(screen.clip(textOf(hit), screen.columns - 20))}`)
  }
  tell(
    `The words match; the meaning does not always. The right document is in its first five for ${found(answers)} of ${questions.length} questions.`,
  )
}

async function move(revector) {
  const asked = keepAsking(
    revector,
    questions.map(({ query }) => query),
  )
  let done = 0
  let total = 0
  let phase = 'Moving'
  const line = liveLine(
    () =>
      `${phase}  ${bar(done, total, 18)}  ${number(done)} of ${number(total)}  ${dim('│')}  ${number(asked.answered)} searches, ${asked.errors.length} errors, p50 ${milliseconds(asked.quantile(0.5))}`,
  )
  const start = performance.now()
  let ms = 0
  try {
    await revector.ingestion.migrateToNewModel({
      sourceModel: older.modelName,
      targetModel: newer.modelName,
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
    while (asked.answered < met && asked.errors.length === 0)
      await new Promise((resolve) => setTimeout(resolve, 20))
  } finally {
    await asked.stop()
    line.end()
  }
  const [p50, p99] = [asked.quantile(0.5), asked.quantile(0.99)]
  say(`${bold(`${number(total)} passages`)} embedded again in ${milliseconds(ms)}. Nobody had to wait:`)
  say(
    `${bold(number(asked.answered))} searches answered meanwhile, ${asked.errors.length === 0 ? green('0 errors') : red(`${asked.errors.length} errors: ${asked.errors[0].message}`)}, p50 ${milliseconds(p50)}, p99 ${milliseconds(p99)}`,
  )
  say(dim([...asked.byModel].map(([model, n]) => `${number(n)} by ${model}`).join(', then ')))
  return { ms, answered: asked.answered, errors: asked.errors.length, p50, p99 }
}

function compare(before, after) {
  const shown = questions
    .map((question, i) => ({ question, old: before[i], now: after[i] }))
    .filter(({ old, now }) => old.right !== now.right)
    .slice(0, 3)
  screen.sideBySide([[older.modelName, dim]], [[newer.modelName, dim]])
  for (const { question, old, now } of shown) {
    say()
    say(bold(`“${question.query}”`))
    screen.sideBySide(column(old), column(now))
  }
  say()
  say(
    `The right document is among the first five for ${bold(`${found(before)} → ${found(after)} of ${questions.length}`)} questions.`,
  )
}

function column({ hits, right }) {
  const [hit] = hits
  if (hit === undefined) return [['nothing', dim]]
  const verdict =
    right === null
      ? ['✗ the right document is not in the first 5', red]
      : [`✓ the right document is number ${right}`, green]
  return [[placeOf(hit), (text) => text], [screen.clip(textOf(hit), 120), dim], verdict]
}

function placeOf(hit) {
  const path = relative(join(root, 'node_modules'), hit.source ?? '').replace(/\\/g, '/')
  const heading = hit.headingPath.at(-1)
  return screen.clip(`${path.replace(/\/readme\.(md|markdown)$/i, '')}${heading ? ` › ${heading}` : ''}`, 70)
}

const textOf = (hit) => hit.content.replace(/^(?:\s*#{1,6} .*\n)+/, '')

async function switchBackAndForth({ models, retriever }) {
  const timed = async (modelName) => {
    const start = performance.now()
    await models.use(modelName)
    const ms = performance.now() - start
    const answer = await retriever.search({ query: questions[0].query, topK: 1 })
    say(
      `models use ${modelName.padEnd(newer.modelName.length)}  ${bold(milliseconds(ms).padStart(7))}   ${dim(`next search: ${answer.models[0]}`)}`,
    )
    return ms
  }
  const back = await timed(older.modelName)
  const forth = await timed(newer.modelName)
  tell(
    'One row changes. Both models keep their vectors, so there is nothing to compute and nothing to wait for.',
  )
  return { back, forth }
}
