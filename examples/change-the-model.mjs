// The move: a second model of another dimension is filled while the first one answers, then becomes current.
//   node examples/change-the-model.mjs
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRevector } from 'revector'

const dataDir = await mkdtemp(join(tmpdir(), 'revector-example-'))
const revector = await createRevector({ dataDir })
try {
  await revector.db.initialize()
  await revector.ingestion.ingestPaths({ paths: [new URL('../docs/guides', import.meta.url).pathname] })

  const ask = async () => {
    const { models, hits } = await revector.retriever.search({
      query: 'How do I go back to the old model?',
      topK: 1,
    })
    console.log(`${models[0]}: ${hits[0].title}`)
  }
  await ask()

  // Any model would do here: `text-embedding-3-large` with a key, one of your own server with a base URL.
  await revector.models.add({ modelName: 'lexical-hash-384' })
  const report = await revector.ingestion.migrateToNewModel({
    sourceModel: 'universal-sentence-encoder-lite',
    targetModel: 'lexical-hash-384',
    onProgress: (event) => {
      if (event.type === 'fill.batch') console.log(`  ${event.doneChunks} of ${event.totalChunks} chunks`)
    },
  })
  console.log(`moved: ${report.embedded} vectors made, ${report.reused} reused`)
  await ask()

  // The old vectors are still there, and new documents still reach them: going back is one transaction.
  await revector.models.use('universal-sentence-encoder-lite')
  await ask()
} finally {
  await revector.db.close()
  await rm(dataDir, { recursive: true })
}
