// An application that uses one of the tools on its own table, in a process of its own, for as long as it is left running:
//   node test/peers/app.mjs TOOL DATABASE_URL DIMENSION
// Takes `{"op", "text"}` a line on stdin, answers `{"texts"}` or `{"error"}` a line on stdout.
import { createHash } from 'node:crypto'
import { createInterface } from 'node:readline'
import { specFor } from '../../dist/embedding/catalogue.js'
import { openEmbeddingModel } from '../../dist/embedding/open.js'

const [tool, connectionString, width] = process.argv.slice(2)
const dimension = Number(width)
const model = await openEmbeddingModel(specFor(`lexical-hash-${dimension}`, {}), {
  keys: {},
  localModelPath: null,
  cacheDir: '',
})

async function embed(texts) {
  const { vectors } = await model.embed(texts, { kind: 'document' })
  return vectors.map((vector) => [...vector])
}
const one = async (text) => (await embed([text]))[0]
const uuid = (text) => {
  const h = createHash('md5').update(text).digest('hex')
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-4${h.slice(13, 16)}-8${h.slice(17, 20)}-${h.slice(20, 32)}`
}

const tools = { langchain, langchainCollection, llamaindex, mastra }
const app = await tools[tool]()

for await (const line of createInterface({ input: process.stdin })) {
  const { op, text } = JSON.parse(line)
  try {
    const texts = await app[op](text)
    process.stdout.write(`${JSON.stringify({ texts: texts ?? [] })}\n`)
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ error: String(error?.message ?? error) })}\n`)
  }
}
process.exit(0)

async function langchain(options = { tableName: process.env.TABLE ?? 'testlangchainjs' }) {
  const { PGVectorStore } = await import('@langchain/community/vectorstores/pgvector')
  const embeddings = { embedDocuments: embed, embedQuery: one }
  const store = await PGVectorStore.initialize(embeddings, {
    postgresConnectionOptions: { connectionString },
    dimensions: dimension,
    ...options,
  })
  const document = (text) => ({ pageContent: text, metadata: { source: `${text.split(' ')[0]}.md` } })
  return {
    index: () => store.createHnswIndex({ dimensions: dimension }),
    async add(texts) {
      await store.addDocuments(texts.map(document), { ids: texts.map(uuid) })
    },
    search: async (text) => (await store.similaritySearch(text, 3)).map(({ pageContent }) => pageContent),
    filtered: async (text) =>
      (await store.similaritySearch(text, 3, { source: 'Zebras.md' })).map(({ pageContent }) => pageContent),
    remove: (text) => store.delete({ ids: [uuid(text)] }),
  }
}

function langchainCollection() {
  return langchain({
    tableName: 'lc_embeddings',
    collectionTableName: 'lc_collections',
    collectionName: 'docs',
  })
}

async function llamaindex() {
  const { PGVectorStore } = await import('@llamaindex/postgres')
  const { TextNode } = await import('@llamaindex/core/schema')
  const store = new PGVectorStore({
    clientConfig: { connectionString },
    dimensions: dimension,
    embeddingModel: { getTextEmbeddings: embed },
  })
  const node = (text, embedding) =>
    Object.assign(new TextNode({ id_: uuid(text), text, metadata: { file: 'a.md' } }), { embedding })
  return {
    index() {},
    async add(texts) {
      const vectors = await embed(texts)
      await store.add(texts.map((text, i) => node(text, vectors[i])))
    },
    async search(text) {
      const query = { queryEmbedding: await one(text), similarityTopK: 3, mode: 'default' }
      const { nodes } = await store.query(query)
      return nodes.map((found) => found.getText())
    },
    remove: (text) => store.delete(uuid(text)),
  }
}

async function mastra() {
  const { PgVector } = await import('@mastra/pg')
  const store = new PgVector({ connectionString })
  const indexName = 'docs'
  return {
    index: () => store.createIndex({ indexName, dimension, indexConfig: { type: 'hnsw' } }),
    async add(texts) {
      await store.upsert({
        indexName,
        vectors: await embed(texts),
        metadata: texts.map((text) => ({ text, file: 'a.md' })),
        ids: texts.map(uuid),
      })
    },
    async search(text) {
      const found = await store.query({ indexName, queryVector: await one(text), topK: 3 })
      return found.map(({ metadata }) => metadata.text)
    },
    remove: (text) => store.deleteVector({ indexName, id: uuid(text) }),
  }
}
