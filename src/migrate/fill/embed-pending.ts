import { isRevectorError, type RevectorError } from '../../core/errors.ts'
import type { Migration } from '../../core/migration.ts'
import { type Model, type ModelState, writtenStates } from '../../core/model.ts'
import type { EmbeddingModel } from '../../embedding/contract.ts'
import type { Database } from '../../postgres/database.ts'
import type { Layout } from '../../schema/layout.ts'
import { tryLock } from '../../store/held-lock.ts'
import { openMigrations } from '../../store/migrations.ts'
import { allModels } from '../../store/models.ts'
import { clearEmbedded, pendingChunks } from '../../store/pending.ts'
import { embedBatch, storeBatch } from './embed-batch.ts'
import { failureOf } from './failures.ts'

export interface PendingDeps {
  readonly db: Database
  readonly layout: Layout
  readonly models: { open(model: Model): Promise<EmbeddingModel> }
}

export interface Paid {
  /** Chunks that are pending no more. */
  readonly chunks: number
  readonly tokens: number
  /** By model: why it could not be paid. */
  readonly failed: ReadonlyMap<Model, RevectorError>
}

const written: ReadonlySet<ModelState> = new Set(writtenStates)

/**
 * Gives written models the vectors that writers could not get for them when a provider was down. One process at a
 * time pays a model. A target that is still being filled is left to its migration, and one whose migration is paused
 * to whoever paused it.
 *
 * @throws RevectorError INTERRUPTED, of the database
 */
export async function embedPending(
  deps: PendingDeps,
  options: {
    readonly signal: AbortSignal
    readonly stop: AbortSignal
    /** Models that are not asked at present. */
    readonly except: (model: Model) => boolean
  },
): Promise<Paid> {
  const failed = new Map<Model, RevectorError>()
  let chunks = 0
  let tokens = 0
  const open = await openMigrations(deps.db)
  for (const model of await allModels(deps.db)) {
    if (!written.has(model.state) || options.except(model)) continue
    if (open.some((migration) => isLeftTo(migration, model))) continue
    if (!(await isPending(deps, model))) continue
    const lock = await tryLock(deps.db, `pending ${model.id}`)
    if (lock === null) continue
    try {
      const opened = await deps.models.open(model)
      while (!options.stop.aborted && !options.signal.aborted) {
        const paid = await payBatch(deps, model, opened, options.signal)
        if (paid === null) break
        chunks += paid.chunks
        tokens += paid.tokens
      }
    } catch (error) {
      // The model was removed meanwhile.
      if (isRevectorError(error, 'VECTOR_COLUMN_MISSING')) continue
      const failure = failureOf(error)
      if (failure === null) throw error
      failed.set(model, failure.error)
    } finally {
      await lock.release()
    }
  }
  return { chunks, tokens, failed }
}

function isLeftTo({ state, targetModelId }: Migration, model: Model): boolean {
  return targetModelId === model.id && (state === 'filling' || state === 'paused' || state === 'planned')
}

async function isPending({ db, layout }: PendingDeps, model: Model): Promise<boolean> {
  try {
    return (await pendingChunks(db, layout, model, 1)).length > 0
  } catch (error) {
    // Its table is gone.
    if (isRevectorError(error, 'VECTOR_COLUMN_MISSING')) return false
    throw error
  }
}

/** One call of the provider; null when nothing is pending. */
async function payBatch(
  { db, layout }: PendingDeps,
  model: Model,
  opened: EmbeddingModel,
  signal: AbortSignal,
): Promise<{ readonly chunks: number; readonly tokens: number } | null> {
  const chunkIds = await pendingChunks(db, layout, model, opened.limits.batchItems)
  if (chunkIds.length === 0) return null
  const batch = await embedBatch({ db, layout }, model, { chunkIds, opened, proven: true, signal })
  await db.transaction(
    async (tx) => {
      await storeBatch(tx, layout, model, batch)
      await clearEmbedded(tx, model)
    },
    { idempotent: true },
  )
  return { chunks: chunkIds.length, tokens: batch.tokens }
}
