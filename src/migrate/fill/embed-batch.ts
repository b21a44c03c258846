import type { ChunkId } from '../../core/document.ts'
import type { Model } from '../../core/model.ts'
import type { EmbeddingModel } from '../../embedding/contract.ts'
import type { Database, Queryable } from '../../postgres/database.ts'
import type { Layout } from '../../schema/layout.ts'
import { type ChunkVector, copyVectorsOfSameContent, fillVectors } from '../../store/embeddings.ts'
import { quarantineChunks, type Refused } from '../../store/quarantine.ts'
import { copyVectorsToTwins, type LackingChunk, lackingAmong } from '../../store/twins.ts'
import { contentHashOf } from './content-hash.ts'
import { embedApart } from './embed-apart.ts'

/** What a provider made of a batch, on its way to the database. */
export interface EmbeddedBatch {
  readonly items: readonly ChunkVector[]
  /** Chunks whose text has a vector already. */
  readonly twins: readonly ChunkId[]
  readonly refused: readonly Refused[]
  /** Texts that were embedded. */
  readonly embedded: number
  readonly tokens: number
}

/** What of it was stored. */
export interface StoredBatch {
  readonly embedded: number
  /** Vectors that others of the same text got. */
  readonly reused: number
  readonly quarantined: readonly ChunkId[]
  readonly tokens: number
}

/**
 * Embeds what a model lacks of these chunks, each text once. Nothing is stored.
 *
 * @throws RevectorError of the provider, INTERRUPTED
 */
export async function embedBatch(
  { db, layout }: { readonly db: Database; readonly layout: Layout },
  model: Model,
  request: {
    readonly chunkIds: readonly ChunkId[]
    readonly opened: EmbeddingModel
    /** Whether the provider has accepted any text yet. */
    readonly proven: boolean
    readonly signal: AbortSignal
  },
): Promise<EmbeddedBatch> {
  const lacking = await lackingAmong(db, layout, model, request.chunkIds)
  const wanted = onePerText(lacking.filter((chunk) => !chunk.hasTwin))
  const texts = new Map(wanted.map((chunk) => [contentHashOf(chunk), chunk.content]))
  const { outcomes, tokens } =
    texts.size === 0
      ? { outcomes: [], tokens: 0 }
      : await embedApart(request.opened, [...texts.values()], request)
  const byHash = new Map([...texts.keys()].map((hash, i) => [hash, outcomes[i]]))
  const items: ChunkVector[] = []
  const refused: Refused[] = []
  for (const chunk of wanted) {
    const outcome = byHash.get(contentHashOf(chunk))
    if (outcome?.vector !== undefined) items.push({ chunkId: chunk.id, vector: outcome.vector })
    else if (outcome !== undefined) {
      refused.push({ chunkId: chunk.id, code: outcome.error.code, reason: outcome.error.message })
    }
  }
  return {
    items,
    twins: lacking.filter((chunk) => chunk.hasTwin).map((chunk) => chunk.id),
    refused,
    embedded: outcomes.filter((outcome) => outcome.vector !== undefined).length,
    tokens,
  }
}

/**
 * Storing one chunk serves all that have its hash. Those without a hash, as an adopted table has them, are found by
 * nobody, and stay.
 */
function onePerText(chunks: readonly LackingChunk[]): readonly LackingChunk[] {
  const seen = new Set<string>()
  return chunks.filter(({ contentHash }) => {
    if (contentHash === null) return true
    const isFirst = !seen.has(contentHash)
    seen.add(contentHash)
    return isFirst
  })
}

/** Copies of one text that an adopted table holds without hashes may be many: memory stays flat. */
const statementRows = 512

/** Stores a batch inside the caller's transaction; what was deleted or written meanwhile is respected. */
export async function storeBatch(
  tx: Queryable,
  layout: Layout,
  model: Model,
  batch: EmbeddedBatch,
): Promise<StoredBatch> {
  const { items, twins, refused, embedded, tokens } = batch
  for (let from = 0; from < items.length; from += statementRows) {
    await fillVectors(tx, layout, model, items.slice(from, from + statementRows))
  }
  const copied = await copyVectorsOfSameContent(tx, layout, model, twins)
  const served = await copyVectorsToTwins(
    tx,
    layout,
    model,
    items.map((item) => item.chunkId),
  )
  const quarantined = await quarantineChunks(tx, layout, model.id, refused)
  return { embedded, reused: items.length - embedded + copied.length + served, quarantined, tokens }
}
