// A model that your program brings itself: a name, a dimension, and a function from texts to vectors. Everything
// else (batches, checks, table, HNSW index, search, moving to and from it) is as for any other model.
//   node examples/your-own-model.mjs
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRevector } from 'revector'

const letters = {
  modelName: 'letters',
  dimension: 26,
  embed: async (texts) => texts.map(countLetters),
}

function countLetters(text) {
  const vector = new Float32Array(26)
  for (const letter of text.toLowerCase()) {
    const place = letter.charCodeAt(0) - 97
    if (place >= 0 && place < 26) vector[place] += 1
  }
  return vector
}

const dataDir = await mkdtemp(join(tmpdir(), 'revector-example-'))
const revector = await createRevector({ dataDir, models: [letters] })
try {
  await revector.db.initialize()
  await revector.ingestion.ingestDocument({ title: 'Bees', content: 'bees buzz', embeddingModel: 'letters' })
  await revector.ingestion.ingestDocument({ title: 'Ants', content: 'ants march', embeddingModel: 'letters' })
  const { hits } = await revector.retriever.search({ query: 'buzzing', modelName: 'letters', topK: 1 })
  console.log(`${hits[0].title}, distance ${hits[0].distance.toFixed(3)}`)
} finally {
  await revector.db.close()
  await rm(dataDir, { recursive: true })
}
