import type { ChunkId, DocumentId } from '../../core/document.ts'
import { throwIfAborted } from '../../core/errors.ts'
import type { OnProgress } from '../../core/progress.ts'
import { requireFillable } from '../../schema/attach/guards.ts'
import { bulkLoading } from '../../schema/bulk-load.ts'
import { layoutToFill } from '../../schema/expose/expose.ts'
import { countMissing, missingChunks } from '../../store/coverage.ts'
import type { EmbedDeps, StoreDeps } from '../../store/deps.ts'
import { clearEmbedded } from '../../store/pending.ts'
import type { Refused } from '../../store/quarantine.ts'
import { recordStale } from '../../store/stale.ts'
import type { Model } from '../../wire/model.ts'
import { couldNotEmbed } from './could-not-embed.ts'
import { fillBatch } from './fill-batch.ts'

export interface FillOptions {
  /** Only this document's chunks; others with the same text get its vectors too. */
  readonly documentId?: DocumentId
  readonly signal?: AbortSignal
  readonly onProgress?: OnProgress
}

export interface Filled {
  /** Vectors that the provider made. */
  readonly embedded: number
  /** Vectors copied from chunks with the same text. */
  readonly reused: number
  readonly tokens: number
}

/** Chunks per batch: what a crash may cost, and a few provider requests. */
const batchSize = 256

/**
 * Embeds the chunks that a model lacks or has a stale vector of, batch by batch; what is stored stays stored. Identical texts are
 * embedded once. Chunks written or deleted meanwhile are respected: a vector stored by another session is kept.
 * Quarantined chunks are retried.
 *
 * @throws RevectorError of the provider; if single texts can't be embedded, after all others were stored and
 * these were quarantined, with the chunks' ids in `data.chunk_ids`; INTERRUPTED
 */
export async function fillModel(
  deps: EmbedDeps,
  model: Model,
  { onProgress, signal, documentId }: FillOptions = {},
): Promise<Filled> {
  const { db } = deps
  await requireFillable(db, model)
  const layout = await layoutToFill(db, deps.layout, model.id)
  if (documentId === undefined) await recordStale(db, layout, model)
  const missing = await countMissing(db, layout, model, documentId)
  const filled = { embedded: 0, reused: 0, tokens: 0 }
  const quarantined = new Set<ChunkId>()
  const refused: Refused[] = []
  const progress = () => ({
    model: model.modelName,
    totalChunks: missing,
    doneChunks: Math.min(missing, filled.embedded + filled.reused + quarantined.size),
  })
  onProgress?.({ type: 'fill.started', ...progress() })
  await bulkLoading(db, { signal, onProgress, limits: deps.buildLimits }, async (load) => {
    if (missing === 0) return
    const opened = await deps.models.open(model)
    for await (const page of pages({ db, layout }, model, documentId)) {
      throwIfAborted(signal)
      const stored = await fillBatch({ db, layout }, model, {
        chunkIds: page.filter((id) => !quarantined.has(id)),
        opened,
        signal,
        retryQuarantined: true,
        storing: async (store, rows) => {
          await load.before(model, rows)
          return db.transaction(
            async (tx) => {
              const stored = await store(tx)
              await clearEmbedded(tx, model)
              return stored
            },
            { idempotent: true, unhurried: true },
          )
        },
      })
      filled.embedded += stored.embedded
      filled.reused += stored.reused
      filled.tokens += stored.tokens
      for (const id of stored.quarantined) quarantined.add(id)
      refused.push(...stored.refused)
      onProgress?.({ type: 'fill.batch', ...progress(), tokens: filled.tokens })
    }
  })
  onProgress?.({ type: 'fill.finished', ...progress() })
  const [first] = refused
  if (first === undefined) return filled
  throw couldNotEmbed(model.modelName, {
    first,
    ids: [...quarantined],
    hint: 'Change or remove the documents of these chunks, then run the same command again.',
  })
}

/** Keyset pages: a chunk that cannot be filled is not read twice. */
async function* pages(
  { db, layout }: StoreDeps,
  model: Model,
  documentId: DocumentId | undefined,
): AsyncIterable<readonly ChunkId[]> {
  for (let after: ChunkId | undefined; ; ) {
    const page = await missingChunks(db, layout, model, { limit: batchSize, documentId, after })
    after = page.at(-1)?.id
    if (after === undefined) return
    yield page.map((chunk) => chunk.id)
  }
}
