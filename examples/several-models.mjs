// One question to two models at once. Each searches its own space; distances are never compared across spaces.
//   node examples/several-models.mjs
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRevector } from 'revector'

const dataDir = await mkdtemp(join(tmpdir(), 'revector-example-'))
const revector = await createRevector({ dataDir })
try {
  await revector.db.initialize()
  const documents = [
    'Reset the router by its red button.',
    'A router forwards packets.',
    'The red bus is late.',
  ]
  const modelNames = ['universal-sentence-encoder-lite', 'lexical-hash-256']
  for (const content of documents) {
    const documentId = await revector.ingestion.ingestDocument({ title: content, content })
    await revector.ingestion.updateDocumentEmbeddings({ documentId, modelName: 'lexical-hash-256' })
  }

  for (const aggregation of ['union', 'intersection']) {
    const { hits } = await revector.retriever.searchMultiModel({
      query: 'Which button restarts the router?',
      modelNames,
      aggregation,
      topK: 2,
    })
    console.log(aggregation)
    for (const hit of hits) {
      const ranks = Object.entries(hit.models).map(([model, { rank }]) => `${model} #${rank}`)
      console.log(`  ${hit.content}  (${ranks.join(', ')})`)
    }
  }
} finally {
  await revector.db.close()
  await rm(dataDir, { recursive: true })
}
