// LangChain over Revector: its vector store, as a retriever in a chain, through a change of the embedding model. Needs
// `@langchain/core` beside `revector`; no key, no server.
//   node examples/langchain.mjs
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Document } from '@langchain/core/documents'
import { createRevector } from 'revector'
import { RevectorVectorStore } from 'revector/langchain'

const dataDir = await mkdtemp(join(tmpdir(), 'revector-example-'))
const revector = await createRevector({ dataDir })
try {
  await revector.db.initialize()
  const store = new RevectorVectorStore({ revector })
  await store.addDocuments([
    new Document({
      id: 'coffee',
      pageContent: 'Descale the coffee machine every two months.',
      metadata: { room: 'kitchen' },
    }),
    new Document({
      id: 'printer',
      pageContent: 'When the printer shows code 49, switch it off.',
      metadata: { room: 'office' },
    }),
  ])

  const retriever = store.asRetriever({ k: 1, filter: { metadata: { room: 'kitchen' } } })
  const chain = retriever.pipe((found) =>
    found.map(({ id, pageContent }) => `${id}: ${pageContent}`).join('\n'),
  )
  console.log(await chain.invoke('How do I clean the coffee machine?'))

  // Another embedding model: the store needs no change, and no restart.
  await revector.models.add({ modelName: 'lexical-hash-384' })
  await revector.ingestion.migrateToNewModel({
    sourceModel: 'universal-sentence-encoder-lite',
    targetModel: 'lexical-hash-384',
  })
  console.log(await chain.invoke('How do I clean the coffee machine?'))

  await store.delete({ ids: ['coffee'] })
  console.log(`Left: ${(await store.similaritySearch('machine')).map(({ id }) => id).join(', ')}`)
} finally {
  await revector.db.close()
  await rm(dataDir, { recursive: true })
}
