// The bundled model, by the whole path an ingest takes (tokens, limits, worker, checks): sentences of the guides,
// in batches, by each of the two ways it can run.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { specFor } from '../../dist/embedding/catalogue.js'
import { openEmbeddingModel } from '../../dist/embedding/open.js'
import { median, timed } from '../measure.mjs'

const guides = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'docs', 'guides')
const [batches, batchSize] = [8, 128]

export async function bundled({ log }) {
  const sentences = readSentences()
  const figures = []
  for (const [route, target] of [
    ['onnx', 5],
    ['wasm', undefined],
  ]) {
    const times = await measure(route, sentences)
    log(`bundled: ${route}: ${median(times).toFixed(2)} ms a sentence`)
    figures.push({
      id: `bundled/${route}`,
      title: `bundled model by ${route === 'onnx' ? 'onnxruntime-node' : 'WebAssembly'}`,
      value: median(times),
      unit: ' ms a sentence',
      better: 'lower',
      ...(target === undefined ? {} : { target }),
      detail: `median of ${batches} batches of ${batchSize} sentences, ${Math.round(meanLength(sentences))} characters each`,
    })
  }
  return figures
}

async function measure(route, sentences) {
  const environment = { keys: {}, localModelPath: null, cacheDir: '' }
  const spec = specFor('universal-sentence-encoder-lite', {})
  const model = await openEmbeddingModel(spec, environment, { route })
  try {
    await model.embed(sentences.slice(0, batchSize), { kind: 'document' })
    const times = []
    for (let n = 0; n < batches; n++) {
      const texts = Array.from(
        { length: batchSize },
        (_, i) => sentences[(n * batchSize + i) % sentences.length],
      )
      const { ms } = await timed(() => model.embed(texts, { kind: 'document' }))
      times.push(ms / batchSize)
    }
    return times
  } finally {
    await model.close()
  }
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
