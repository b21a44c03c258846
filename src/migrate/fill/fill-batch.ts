import { createHash } from 'node:crypto'
import type { ChunkId } from '../../core/document.ts'
import type { EmbeddingModel } from '../../embedding/contract.ts'
import { embedTexts } from '../../embedding/embed-texts.ts'
import type { Queryable } from '../../postgres/database.ts'
import type { StoreDeps } from '../../store/deps.ts'
import { type ChunkVector, copyVectorsOfSameContent, fillVectors } from '../../store/embeddings.ts'
import { quarantineChunks, type Refused } from '../../store/quarantine.ts'
import { correctRecorded } from '../../store/stale.ts'
import { copyVectorsToTwins, type LackingChunk, lackingAmong } from '../../store/twins.ts'
import type { Model } from '../../wire/model.ts'

/** What a batch has stored. */
export interface StoredBatch {
  /** Texts that the provider embedded. */
  readonly embedded: number
  /** Vectors copied to chunks with the same text. */
  readonly reused: number
  /** Chunks whose text the model can't embed, with all others of that text. */
  readonly quarantined: readonly ChunkId[]
  /** One chunk per text, with the reason. */
  readonly refused: readonly Refused[]
  readonly tokens: number
}

export interface BatchRequest<T> {
  readonly chunkIds: readonly ChunkId[]
  readonly opened: EmbeddingModel
  readonly signal: AbortSignal | undefined
  /** Whether quarantined chunks are retried; otherwise they are left out. */
  readonly retryQuarantined?: boolean
  /** Runs `store` in a transaction, with whatever else belongs in it. */
  readonly storing: (store: (tx: Queryable) => Promise<StoredBatch>, rows: number) => Promise<T>
}

/** An adopted table without hashes may have many copies of one text: this limits memory. */
const statementRows = 512

/**
 * How every fill gives a model the vectors of a batch: chunks whose text has a vector get a copy, each of the
 * other texts is embedded once, outside transactions, and texts that can't be embedded are quarantined. Storing
 * respects what was deleted or written meanwhile, and may be run again.
 *
 * @throws RevectorError of the provider, of the database, INTERRUPTED
 */
export async function fillBatch<T>(
  { db, layout }: StoreDeps,
  model: Model,
  { chunkIds, opened, signal, retryQuarantined, storing }: BatchRequest<T>,
): Promise<T> {
  const lacking = (await lackingAmong(db, layout, model, chunkIds, { retryQuarantined })).filter(
    (chunk) => chunk.content.trim() !== '',
  )
  const misrecorded = lacking.filter((chunk) => chunk.misrecorded).map((chunk) => chunk.id)
  if (misrecorded.length > 0) await correctRecorded(db, layout, model, misrecorded)
  const twins = lacking.filter((chunk) => chunk.hasTwin).map((chunk) => chunk.id)
  const wanted = onePerText(lacking.filter((chunk) => !chunk.hasTwin))
  const texts = new Map(wanted.map((chunk) => [hashOf(chunk), chunk.content]))
  const { vectors, refused, tokens } = await embedTexts(opened, texts, { signal })
  const items: ChunkVector[] = []
  /** A copy that is written from here on is recorded by its writer, or found when nothing else is missing. */
  const sources: ChunkId[] = []
  const bad: Refused[] = []
  for (const chunk of wanted) {
    const hash = hashOf(chunk)
    const vector = vectors.get(hash)
    const error = refused.get(hash)
    if (vector !== undefined) {
      items.push({ chunkId: chunk.id, vector, textHash: hash })
      if (chunk.hasCopies) sources.push(chunk.id)
    } else if (error !== undefined)
      bad.push({ chunkId: chunk.id, textHash: hash, code: error.code, reason: error.message })
  }

  async function store(tx: Queryable): Promise<StoredBatch> {
    for (let from = 0; from < items.length; from += statementRows) {
      await fillVectors(tx, layout, model, items.slice(from, from + statementRows))
    }
    const copied = await copyVectorsOfSameContent(tx, layout, model, twins)
    const served = await copyVectorsToTwins(tx, layout, model, sources)
    const quarantined = await quarantineChunks(tx, layout, model.id, bad)
    return {
      embedded: vectors.size,
      reused: items.length - vectors.size + copied.length + served,
      quarantined,
      refused: bad.filter(({ chunkId }) => quarantined.includes(chunkId)),
      tokens,
    }
  }
  return storing(store, items.length)
}

/**
 * Storing one chunk serves all with the same hash. Chunks without the hash of their text, as in an adopted table, are not
 * found that way, and stay in the batch.
 */
function onePerText(chunks: readonly LackingChunk[]): readonly LackingChunk[] {
  const seen = new Set<string>()
  return chunks.filter((chunk) => {
    const hash = hashOf(chunk)
    if (chunk.contentHash !== hash) return true
    const isFirst = !seen.has(hash)
    seen.add(hash)
    return isFirst
  })
}

/** Of the text itself: what is stored as its hash may be missing, or an application's. */
function hashOf({ content }: Pick<LackingChunk, 'content'>): string {
  return createHash('sha256').update(content).digest('hex')
}
