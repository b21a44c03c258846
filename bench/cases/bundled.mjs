// The bundled model, by the whole path an ingest takes (tokens, limits, threads, checks): sentences of the guides,
// in batches, in turns; then what a process of its own needs to start and to hold.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openBundled } from '../embed-child.mjs'
import { interleaved, median } from '../measure.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const guides = join(here, '..', '..', 'docs', 'guides')
const [batches, batchSize] = [12, 128]

/** Names of figures, and how the model is opened for them. */
const variants = {
  cores: { title: `WebAssembly in ${availableParallelism()} threads`, how: {} },
  'one-thread': { title: 'WebAssembly in one thread', how: { threads: 1 } },
}

export async function bundled({ log }) {
  const sentences = readSentences()
  const inputs = Array.from({ length: batches }, (_, n) =>
    Array.from({ length: batchSize }, (_, i) => sentences[(n * batchSize + i) % sentences.length]),
  )
  const speeds = await measureSpeed(inputs)
  const figures = []
  for (const [name, { title, how }] of Object.entries(variants)) {
    const { ms, cpuMs } = speeds[name]
    const detail = `median of ${batches} batches of ${batchSize} sentences, ${Math.round(meanLength(sentences))} characters each; ${cpuMs.toFixed(1)} ms of processor time`
    const figure = (what, rest) =>
      figures.push({
        id: `bundled/${name}/${what}`,
        better: 'lower',
        ...rest,
        title: `${title}, ${rest.title}`,
      })
    figure('speed', { title: 'a sentence', value: ms, unit: ' ms', detail })
    const runs = [1, 2, 3].map(() => inProcess(how, inputs.slice(0, 4)))
    const middle = (key) => median(runs.map((run) => run[key]))
    figure('start', {
      title: 'start',
      value: middle('startMs'),
      unit: ' ms',
      detail: 'from opening the model to the first vector; median of 3 processes',
    })
    figure('memory', {
      title: 'memory',
      value: middle('memoryMb'),
      unit: ' MB',
      detail: `resident after ${4 * batchSize} sentences, above the same process before it opens the model; median of 3`,
    })
    log(
      `bundled: ${title}: ${ms.toFixed(2)} ms a sentence (${cpuMs.toFixed(2)} of processor time), ` +
        `start ${Math.round(middle('startMs'))} ms, ${Math.round(middle('memoryMb'))} MB`,
    )
  }
  return figures
}

/** Milliseconds a sentence, and those of all processors together: another's load changes the second less. */
async function measureSpeed(inputs) {
  const models = {}
  for (const [name, { how }] of Object.entries(variants)) models[name] = await openBundled(how)
  const cpu = Object.fromEntries(Object.keys(models).map((name) => [name, []]))
  const contenders = Object.fromEntries(
    Object.entries(models).map(([name, model]) => [
      name,
      async (texts) => {
        const before = process.cpuUsage()
        await model.embed(texts, { kind: 'document' })
        const { user, system } = process.cpuUsage(before)
        cpu[name].push((user + system) / 1000)
      },
    ]),
  )
  try {
    const warmUp = 1
    const times = await interleaved(contenders, inputs, { warmUp })
    return Object.fromEntries(
      Object.entries(times).map(([name, ms]) => [
        name,
        { ms: median(ms) / batchSize, cpuMs: median(cpu[name].slice(warmUp)) / batchSize },
      ]),
    )
  } finally {
    for (const model of Object.values(models)) await model.close()
  }
}

function inProcess(how, inputs) {
  const child = join(here, '..', 'embed-child.mjs')
  return JSON.parse(
    execFileSync(process.execPath, [child, JSON.stringify(how)], { input: JSON.stringify(inputs) }),
  )
}

/** Sentences of running text, of 40 to 300 characters. */
function readSentences() {
  const texts = readdirSync(guides)
    .filter((name) => name.endsWith('.md'))
    .map((name) => readFileSync(join(guides, name), 'utf8').replace(/```[\s\S]*?```/g, ''))
  return texts
    .flatMap((text) => text.split(/\n{2,}/))
    .flatMap((paragraph) => paragraph.replace(/\s+/g, ' ').split(/(?<=[.?!]) /))
    .filter((sentence) => sentence.length >= 40 && sentence.length <= 300)
}

const meanLength = (texts) => texts.reduce((sum, text) => sum + text.length, 0) / texts.length
