// Compiled, never run (test/types.test.ts): what the public types accept and, marked, what they refuse.
import {
  createRevector,
  type ErrorCode,
  type MigrationState,
  RevectorError,
  type SearchResult,
} from 'revector'

const revector = await createRevector({ dataDir: './data', poolSize: 4, logLevel: 'info' })
await createRevector()

await revector.db.initialize()
const dimensions: readonly number[] = await revector.db.getSupportedDimensions()
const id: string = await revector.ingestion.ingestDocument({
  title: 'a',
  content: 'b',
  embeddingModel: 'all-MiniLM-L6-v2',
})
await revector.ingestion.updateDocumentEmbeddings({ documentId: id, modelName: 'm' })
const report = await revector.ingestion.migrateToNewModel({
  sourceModel: 'a',
  targetModel: 'b',
  signal: new AbortController().signal,
  onProgress: (event) => {
    // The union is told apart by its type.
    if (event.type === 'fill.batch') return event.doneChunks.toFixed()
    // @ts-expect-error only some events have it
    return event.doneChunks
  },
})
report.embedded.toFixed()

const found: SearchResult = await revector.retriever.search({ query: 'q', modelName: 'm', topK: 5 })
const first = found.hits[0]
first?.chunkId.toUpperCase()
first?.distance.toFixed()
await revector.retriever.searchMultiModel({ query: 'q', modelNames: ['a', 'b'], aggregation: 'union' })
await revector.retriever.search({ query: 'q', queryVector: new Float32Array(3) })
await revector.models.add({ modelName: 'm', dimension: 3, provider: 'openai', distance: 'l2' })
await revector.models.use('m', { force: true })
const status = await revector.db.status()
const engine: 'embedded' | 'server' = status.engine

const moved = await revector.migrations.start({ targetModel: 'b', scope: { sample: 100 }, budgetUsd: 5 })
const state: MigrationState = moved.state
await revector.migrations.cutOver(moved.id, { override: ['scope'] })
for await (const event of revector.migrations.events({ migrationId: moved.id })) {
  if (event.type === 'batch') console.log(event.data.chunks, state)
  // @ts-expect-error only some events have it
  console.log(event.data.chunks)
}
// @ts-expect-error no such gate
await revector.migrations.verify(moved.id, { override: ['luck'] })

const answer = await revector.answers.ask({ query: 'q', modelName: 'm', topK: 3, mode: 'extractive' })
answer.citations[0]?.quote.trim()
for await (const event of revector.answers.stream({ query: 'q', signal: new AbortController().signal })) {
  if (event.type === 'text') console.log(event.text)
  if (event.type === 'done') console.log(event.answer.answered, event.answer.reason)
  // @ts-expect-error only some events have it
  console.log(event.text)
}
await createRevector({ languageModel: { provider: 'openai', model: 'gpt-5-mini' } })
// @ts-expect-error no such provider
await createRevector({ languageModel: { provider: 'oracle', model: 'delphi' } })

// @ts-expect-error an option that does not exist
await createRevector({ dataDirectory: './data' })
// @ts-expect-error a number of connections is a number
await createRevector({ poolSize: '4' })
// @ts-expect-error a document needs content
await revector.ingestion.ingestDocument({ title: 'a' })
// @ts-expect-error ids are opaque strings
await revector.documents.get(7)
// @ts-expect-error neither of the two ways
await revector.retriever.searchMultiModel({ query: 'q', modelNames: ['a'], aggregation: 'both' })
// @ts-expect-error a hit may be missing
found.hits[0].score
// @ts-expect-error results are read-only
found.hits.push(first)
// @ts-expect-error no such distance
await revector.models.add({ modelName: 'm', distance: 'manhattan' })

try {
  await revector.db.close()
} catch (error) {
  if (error instanceof RevectorError) {
    const code: ErrorCode = error.code
    // @ts-expect-error no such code
    const other: ErrorCode = 'NO_SUCH_CODE'
    console.log(code, other, error.hint, error.data['model'])
  }
}
console.log(dimensions, engine)
