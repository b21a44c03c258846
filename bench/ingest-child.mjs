// node ingest-child.mjs DATABASE_URL FOLDER: ingests the folder and prints its own peak of resident memory.
import { createRevector } from '../dist/index.js'
import { peakMemoryMb } from './measure.mjs'

const [databaseUrl, folder] = process.argv.slice(2)
const model = {
  modelName: 'free',
  dimension: 16,
  embed: async (texts) =>
    texts.map((text) =>
      Float32Array.from({ length: 16 }, (_, i) => 1 + text.charCodeAt((i * 31) % text.length)),
    ),
}
// Long chunks: an HNSW index of millions would take an hour, and the server builds it, not this process.
const revector = await createRevector({ databaseUrl, models: [model], chunkTokens: 1_024 })
try {
  const report = await revector.ingestion.ingestPaths({ paths: [folder], model: 'free' })
  if (report.failed.length > 0) throw new Error(JSON.stringify(report.failed[0]))
  const rssMb = peakMemoryMb()
  console.log(JSON.stringify({ rssMb, documents: report.documents, chunks: report.chunks }))
} finally {
  await revector.db.close()
}
