// The bundled model in a process of its own: JSON of batches in, time to the first vector and memory out.
//   node bench/embed-child.mjs '{"threads":1}' < batches.json
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { specFor } from '../dist/embedding/catalogue.js'
import { openEmbeddingModel } from '../dist/embedding/open.js'

export function openBundled(how) {
  const environment = { keys: {}, localModelPath: null, cacheDir: '' }
  return openEmbeddingModel(specFor('universal-sentence-encoder-lite', {}), environment, how)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const batches = JSON.parse(readFileSync(0, 'utf8'))
  const before = process.memoryUsage.rss()
  const began = performance.now()
  const model = await openBundled(JSON.parse(process.argv[2]))
  await model.embed(['The first sentence.'], { kind: 'query' })
  const startMs = performance.now() - began
  for (const texts of batches) await model.embed(texts, { kind: 'document' })
  const memoryMb = (process.memoryUsage.rss() - before) / 2 ** 20
  await model.close()
  console.log(JSON.stringify({ startMs, memoryMb }))
}
