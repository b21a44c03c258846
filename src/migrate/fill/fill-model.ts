import { counted } from '../../core/counted.ts'
import type { ChunkId, DocumentId } from '../../core/document.ts'
import { RevectorError, throwIfAborted } from '../../core/errors.ts'
import type { Model } from '../../core/model.ts'
import type { OnProgress } from '../../core/progress.ts'
import type { EmbeddingModel } from '../../embedding/contract.ts'
import type { Database } from '../../postgres/database.ts'
import { type BulkLoad, bulkLoading } from '../../schema/bulk-load.ts'
import type { Layout } from '../../schema/layout.ts'
import { countMissing, type MissingChunk, missingChunks } from '../../store/coverage.ts'
import { type ChunkVector, copyVectorsOfSameContent, fillVectors } from '../../store/embeddings.ts'
import { contentHashOf } from './content-hash.ts'

export interface FillDeps {
  readonly db: Database
  readonly layout: Layout
  readonly models: { open(model: Model): Promise<EmbeddingModel> }
}

export interface FillOptions {
  /** Only this document's chunks. */
  readonly documentId?: DocumentId
  readonly signal?: AbortSignal
  readonly onProgress?: OnProgress
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
 * @throws RevectorError of the provider; where single texts are at fault, after all others were stored, with the
 *   chunks' ids in `data.chunk_ids`; INTERRUPTED
 */
export async function fillModel(deps: FillDeps, model: Model, options: FillOptions = {}): Promise<Filled> {
  const { onProgress, signal, documentId } = options
  const missing = await countMissing(deps.db, deps.layout, model, documentId)
  let done = 0
  const progress = () => ({ model: model.modelName, totalChunks: missing, doneChunks: done })
  onProgress?.({ type: 'fill.started', ...progress() })
  let filled: Filled = { embedded: 0, reused: 0, tokens: 0 }
  const refused: Refusal[] = []
  await bulkLoading(deps.db, { signal, onProgress }, async (load) => {
    if (missing === 0) return
    const opened = await deps.models.open(model)
    for await (const batch of batches(deps, model, documentId)) {
      throwIfAborted(signal)
      filled = add(filled, await fillBatch(deps, { model, opened, load, batch, signal, refused }))
      done += batch.length
      onProgress?.({ type: 'fill.batch', ...progress(), tokens: filled.tokens })
    }
  })
  onProgress?.({ type: 'fill.finished', ...progress() })
  const [first] = refused
  if (first !== undefined) throw refusedChunks(model, first, refused)
  return filled
}

/** A chunk whose text the model can't embed. */
interface Refusal {
  readonly chunkId: ChunkId
  readonly error: RevectorError
}

function refusedChunks(model: Model, { error }: Refusal, all: readonly Refusal[]): RevectorError {
  const ids = all.map((one) => one.chunkId)
  return new RevectorError(
    error.code,
    `"${model.modelName}" could not embed ${counted(ids.length, 'chunk')} (${ids.slice(0, 5).join(', ')}${ids.length > 5 ? ', …' : ''}): ${error.message}`,
    {
      hint: 'Change or remove the documents of these chunks, then run the same command again.',
      data: { model: model.modelName, chunk_ids: ids.slice(0, 100), chunks: ids.length },
      cause: error,
    },
  )
}

/** Keyset pages: a chunk that cannot be filled is not met twice. */
async function* batches(
  { db, layout }: FillDeps,
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
  readonly refused: Refusal[]
}

async function fillBatch(deps: FillDeps, request: BatchRequest): Promise<Filled> {
  const { model, opened, load, batch, signal } = request
  const { db, layout } = deps
  const reused = new Set(
    await copyVectorsOfSameContent(
      db,
      layout,
      model,
      batch.map((chunk) => chunk.id),
    ),
  )
  const lacking = batch.filter((chunk) => !reused.has(chunk.id) && chunk.content.trim() !== '')
  const texts = new Map(lacking.map((chunk) => [contentHashOf(chunk), chunk.content]))
  if (texts.size === 0) return { embedded: 0, reused: reused.size, tokens: 0 }

  const { outcomes, tokens } = await opened.embedEach([...texts.values()], { kind: 'document', signal })
  const byHash = new Map([...texts.keys()].map((hash, i) => [hash, outcomes[i]]))
  const items: ChunkVector[] = []
  for (const chunk of lacking) {
    const outcome = byHash.get(contentHashOf(chunk))
    if (outcome?.vector !== undefined) items.push({ chunkId: chunk.id, vector: outcome.vector })
    else if (outcome !== undefined) request.refused.push({ chunkId: chunk.id, error: outcome.error })
  }
  await load.before(model, items.length)
  await db.transaction((tx) => fillVectors(tx, layout, model, items))
  const embedded = outcomes.filter((outcome) => outcome.vector !== undefined).length
  return { embedded, reused: reused.size + items.length - embedded, tokens }
}

function add(a: Filled, b: Filled): Filled {
  return { embedded: a.embedded + b.embedded, reused: a.reused + b.reused, tokens: a.tokens + b.tokens }
}
