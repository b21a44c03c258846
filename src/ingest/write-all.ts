import { isRevectorError, throwIfAborted } from '../core/errors.ts'
import type { CallOptions } from '../core/progress.ts'
import { requireOwnDocuments } from '../schema/attach/guards.ts'
import { bulkLoading } from '../schema/bulk-load.ts'
import type { EmbedDeps } from '../store/deps.ts'
import type { IngestReport } from '../wire/ingest.ts'
import { batchDocuments, oneBehind } from './batches.ts'
import { readPending } from './pending.ts'
import type { PreparedDocument } from './prepare.ts'
import type { IngestTally } from './tally.ts'
import { readTargets } from './targets.ts'
import { type WriteOptions, type WrittenDocument, writeDocuments } from './write.ts'

export interface WriteAll extends CallOptions {
  /** Embed with this model only; if not set: with every written model. */
  readonly model?: string
}

/**
 * Writes documents as they come, a batch at a time, so that memory use stays constant: two batches are in memory, and the
 * next document is asked for when there is room. A document that cannot be embedded or stored is tallied and does not affect
 * the others.
 *
 * @throws RevectorError for what would stop every document. What was written before stays.
 */
export async function writeAll(
  deps: EmbedDeps,
  request: WriteAll,
  tally: IngestTally,
  documents: () => AsyncIterable<PreparedDocument>,
): Promise<IngestReport> {
  requireOwnDocuments(deps.layout)
  const { signal, onProgress } = request
  const started = performance.now()
  // Checked before anything is read: a misspelt model should not cost an hour of parsing.
  const targets = await readTargets(deps.db, request.model)
  onProgress?.({ type: 'ingest.started', files: null })
  const failing = new Set<number>()
  await bulkLoading(deps.db, { signal, onProgress, limits: deps.buildLimits }, async ({ before }) => {
    const options: WriteOptions = {
      modelName: request.model,
      failing,
      beforeStoring: before,
      signal,
      onProgress,
    }
    await oneBehind(batchDocuments(documents()), async (batch) => {
      throwIfAborted(signal)
      await writeBatch(deps, batch, options, tally)
    })
  })

  const counts = tally.counts()
  onProgress?.({ type: 'ingest.finished', ...counts, failed: counts.failed.length })
  return {
    ...counts,
    models: targets.models.filter(({ id }) => !failing.has(id)).map(({ modelName }) => modelName),
    pending: await readPending(deps),
    seconds: (performance.now() - started) / 1_000,
  }
}

async function writeBatch(
  deps: EmbedDeps,
  batch: readonly PreparedDocument[],
  options: WriteOptions,
  tally: IngestTally,
): Promise<void> {
  let written: readonly WrittenDocument[]
  try {
    written = (await writeDocuments(deps, batch, options)).documents
  } catch (error) {
    if (stopsEveryDocument(error)) throw error
    const [only] = batch
    if (batch.length === 1 && only !== undefined) return tally.failed(only.path, error, only)
    // One of them causes the failure: written one by one, it does not affect the others.
    for (const document of batch) await writeBatch(deps, [document], options, tally)
    return
  }
  for (const [i, document] of batch.entries()) await tally.written(document, written[i])
}

/** Failures that every further document would have as well. */
const everywhere = new Set<string>([
  'INTERRUPTED',
  'MODEL_UNKNOWN',
  'EMBEDDING_DIMENSION_MISMATCH',
  'VECTOR_COLUMN_MISSING',
  'PROVIDER_UNAVAILABLE',
  'PROVIDER_REFUSED',
  'PROVIDER_KEY_MISSING',
  'PROVIDER_KEY_WITHHELD',
  'PROVIDER_PACKAGE_MISSING',
  'RATE_LIMITED',
  'DATABASE_UNREACHABLE',
  'DATABASE_AUTHENTICATION_FAILED',
  'DATABASE_PERMISSION_DENIED',
  'FOLDER_UNUSABLE',
])

export function stopsEveryDocument(error: unknown): boolean {
  // An error of another type is a bug of the program, not of the document.
  if (!isRevectorError(error)) return true
  // If the provider names the text it rejects, the others are fine.
  return everywhere.has(error.code) && typeof error.data['index'] !== 'number'
}
