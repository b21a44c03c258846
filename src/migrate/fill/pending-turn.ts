import { isRevectorError } from '../../core/errors.ts'
import { type ModelState, writtenStates } from '../../core/model.ts'
import type { EmbeddingModel } from '../../embedding/contract.ts'
import { layoutToFill } from '../../schema/expose/expose.ts'
import type { Layout } from '../../schema/layout.ts'
import { tryLock } from '../../store/held-lock.ts'
import { openMigrations, type StoredMigration } from '../../store/migrations.ts'
import { allModels } from '../../store/models.ts'
import { clearEmbedded, pendingChunks } from '../../store/pending.ts'
import type { Model } from '../../wire/model.ts'
import { fillBatch } from './fill-batch.ts'
import { failureOf } from './provider-failure.ts'
import type { Shift, Turn } from './shift.ts'

const written: ReadonlySet<ModelState> = new Set(writtenStates)

/**
 * Embeds chunks that are pending because a provider was down when they were written. One worker at a time does
 * so for a model. Chunks pending for a target that is still being filled are left to its migration, also while
 * that is paused. A worker of a single migration only embeds for its target.
 *
 * @throws RevectorError INTERRUPTED, of the database
 */
export async function pendingTurn(shift: Shift, only: StoredMigration | null): Promise<Turn> {
  const { db, models } = shift.deps
  const open = await openMigrations(db)
  let turn: Turn = 'idle'
  for (const model of await allModels(db)) {
    if (!written.has(model.state) || (only !== null && only.targetModelId !== model.id)) continue
    if (shift.rests.of(model) !== 'none' || open.some((migration) => isLeftTo(migration, model))) continue
    try {
      const layout = await layoutToFill(db, shift.deps.layout, model.id)
      if ((await pendingChunks(db, layout, model, 1)).length === 0) continue
      const lock = await tryLock(db, `pending ${model.id}`)
      if (lock === null) continue
      try {
        const opened = await models.open(model)
        while (!shift.ending.aborted && (await embedPending(shift, layout, model, opened))) turn = 'worked'
      } finally {
        await lock.release()
      }
    } catch (error) {
      // The model was removed meanwhile.
      if (isRevectorError(error, 'VECTOR_COLUMN_MISSING')) continue
      const failure = failureOf(error)
      if (failure === null) throw error
      shift.rests.begin(model)
      shift.request.onFailure?.(failure.error)
      const message = `Chunks pending for ${model.modelName} have to wait: ${failure.error.message}`
      shift.request.onProgress?.({ type: 'warning', message })
    }
  }
  return turn
}

function isLeftTo({ state, targetModelId }: StoredMigration, model: Model): boolean {
  return targetModelId === model.id && (state === 'filling' || state === 'paused' || state === 'planned')
}

/** One batch. @returns whether there was anything to embed */
async function embedPending(
  { deps: { db }, signal, tally }: Shift,
  layout: Layout,
  model: Model,
  opened: EmbeddingModel,
): Promise<boolean> {
  const chunkIds = await pendingChunks(db, layout, model, opened.limits.batchItems)
  if (chunkIds.length === 0) return false
  const { tokens } = await fillBatch({ db, layout }, model, {
    chunkIds,
    opened,
    signal,
    storing: (store) =>
      db.transaction(
        async (tx) => {
          const stored = await store(tx)
          await clearEmbedded(tx, model)
          return stored
        },
        { idempotent: true, unhurried: true },
      ),
  })
  tally.pending += chunkIds.length
  tally.tokens += tokens
  return true
}
