import { createHash } from 'node:crypto'
import type { DocumentId } from '../core/document.ts'
import { RevectorError, throwIfAborted } from '../core/errors.ts'
import type { Model } from '../core/model.ts'
import type { OnProgress } from '../core/progress.ts'
import type { EmbeddingModel } from '../embedding/contract.ts'
import type { Database } from '../postgres/database.ts'
import { type BulkLoad, bulkLoading } from '../schema/bulk-load.ts'
import type { Layout } from '../schema/layout.ts'
import { countMissing, type MissingChunk, missingChunks } from '../store/coverage.ts'
import { copyVectorsOfSameContent, fillVectors } from '../store/embeddings.ts'

export interface FillParts {
  readonly db: Database
  readonly layout: Layout
  readonly models: { open(model: Model): Promise<EmbeddingModel> }
}

export interface FillOptions {
  /** Only this document's chunks. */
  readonly documentId?: DocumentId
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: OnProgress | undefined
}

export interface Filled {
  /** Vectors that the provider made. */
  readonly embedded: number
  /** Vectors taken from chunks of the same text. */
  readonly reused: number
  readonly tokens: number
}

/** Chunks a batch: what a crash may cost, and a handful of provider requests. */
const batchSize = 256

/**
 * Gives a model the vectors it lacks, batch by batch; what is stored stays stored. Identical texts are embedded
 * once. Chunks written or deleted meanwhile are respected: a vector that somebody else stored is kept.
 *
 * @throws RevectorError of the provider, naming the chunk where one text is at fault; INTERRUPTED
 */
export async function fillModel(parts: FillParts, model: Model, options: FillOptions = {}): Promise<Filled> {
  const { onProgress, signal, documentId } = options
  const missing = await countMissing(parts.db, parts.layout, model, documentId)
  let done = 0
  const progress = () => ({ model: model.modelName, totalChunks: missing, doneChunks: done })
  onProgress?.({ type: 'fill.started', ...progress() })
  let filled: Filled = { embedded: 0, reused: 0, tokens: 0 }
  await bulkLoading(parts.db, { signal, onProgress }, async (load) => {
    if (missing === 0) return
    const opened = await parts.models.open(model)
    for await (const batch of batches(parts, model, documentId)) {
      throwIfAborted(signal)
      filled = add(filled, await fillBatch(parts, { model, opened, load, batch, signal }))
      done += batch.length
      onProgress?.({ type: 'fill.batch', ...progress(), tokens: filled.tokens })
    }
  })
  onProgress?.({ type: 'fill.finished', ...progress() })
  return filled
}

/** Keyset pages: a chunk that cannot be filled is not met twice. */
async function* batches(
  { db, layout }: FillParts,
  model: Model,
  documentId: DocumentId | undefined,
): AsyncIterable<readonly MissingChunk[]> {
  const within = documentId === undefined ? {} : { documentId }
  for (let after: string | undefined; ; ) {
    const from = after === undefined ? {} : { after }
    const page = await missingChunks(db, layout, model, { limit: batchSize, ...within, ...from })
    const last = page.at(-1)
    if (last === undefined) return
    after = last.id
    yield page
  }
}

interface BatchRequest {
  readonly model: Model
  readonly opened: EmbeddingModel
  readonly load: BulkLoad
  readonly batch: readonly MissingChunk[]
  readonly signal: AbortSignal | undefined
}

async function fillBatch(parts: FillParts, request: BatchRequest): Promise<Filled> {
  const { model, opened, load, batch, signal } = request
  const { db, layout } = parts
  const reused = new Set(
    await copyVectorsOfSameContent(
      db,
      layout,
      model,
      batch.map((chunk) => chunk.id),
    ),
  )
  const lacking = batch.filter((chunk) => !reused.has(chunk.id) && chunk.content.trim() !== '')
  const texts = new Map(lacking.map((chunk) => [hashOf(chunk), chunk.content]))
  if (texts.size === 0) return { embedded: 0, reused: reused.size, tokens: 0 }

  const { vectors, tokens } = await embedNaming(opened, lacking, [...texts.values()], signal)
  const byHash = new Map([...texts.keys()].map((hash, i) => [hash, vectors[i]]))
  const items = lacking.flatMap((chunk) => {
    const vector = byHash.get(hashOf(chunk))
    return vector === undefined ? [] : [{ chunkId: chunk.id, vector }]
  })
  await load.before(model, items.length)
  await db.transaction((tx) => fillVectors(tx, layout, model, items))
  return { embedded: texts.size, reused: reused.size + items.length - texts.size, tokens }
}

async function embedNaming(
  opened: EmbeddingModel,
  chunks: readonly MissingChunk[],
  texts: readonly string[],
  signal: AbortSignal | undefined,
): ReturnType<EmbeddingModel['embed']> {
  try {
    return await opened.embed(texts, { kind: 'document', ...(signal === undefined ? {} : { signal }) })
  } catch (error) {
    if (!(error instanceof RevectorError)) throw error
    const { index } = error.data
    const text = typeof index === 'number' ? texts[index] : undefined
    const chunk = text === undefined ? undefined : chunks.find(({ content }) => content === text)
    if (chunk === undefined) throw error
    throw new RevectorError(error.code, `Chunk ${chunk.id}: ${error.message}`, {
      hint: error.hint,
      data: { ...error.data, chunk_id: chunk.id },
      cause: error,
    })
  }
}

function hashOf(chunk: MissingChunk): string {
  return chunk.contentHash ?? createHash('sha256').update(chunk.content).digest('hex')
}

function add(a: Filled, b: Filled): Filled {
  return { embedded: a.embedded + b.embedded, reused: a.reused + b.reused, tokens: a.tokens + b.tokens }
}
