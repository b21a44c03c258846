import { counted } from '../core/counted.ts'
import { RevectorError } from '../core/errors.ts'
import { setupModels as catalogueNames, specFor } from '../embedding/catalogue.ts'
import type { Queryable } from '../postgres/database.ts'
import { withShortLocks } from '../schema/locks.ts'
import { createModelTable, dropModelTable, hasModelTable, modelTableBytes } from '../schema/model-table.ts'
import { requireRights } from '../schema/rights.ts'
import { countMissing, countVectors } from '../store/coverage.ts'
import type { Deps, StoreDeps } from '../store/deps.ts'
import { openMigrations, type StoredMigration } from '../store/migrations.ts'
import {
  currentModel,
  deleteModel,
  findSameSpace,
  insertModel,
  lockModels,
  requireModel,
  setModelState,
  setModelUrl,
  switchCurrent,
} from '../store/models.ts'
import { forgetPending } from '../store/pending.ts'
import type { Model, ModelSpec } from '../wire/model.ts'

/**
 * Called in the transaction of a removal, with all models locked: does what else it implies, or throws what
 * prevents it.
 */
export type BeforeRemoval = (tx: Queryable, model: Model, how: { readonly force: boolean }) => Promise<void>

/** The model that a new database starts with: it needs no key and no network. */
export const firstModel = 'universal-sentence-encoder-lite'

/**
 * How long to retry a change of the table while another session (a backup, say) holds it; no session queues
 * behind the attempts.
 */
const patienceMs = 30_000

/**
 * Registers a space with its column, table and HNSW index. Registering the same space again changes only its
 * endpoint, if one is given.
 *
 * @throws RevectorError MODEL_DIMENSION_CONFLICT, MODEL_SPACE_CONFLICT, DATABASE_BUSY
 */
export async function addModel(deps: StoreDeps, spec: ModelSpec): Promise<Model> {
  const known = await registeredAsItIs(deps.db, spec)
  if (known !== null) return known
  await requireRights(deps.db, 'owner')
  return withShortLocks(deps.db, (tx) => register(tx, spec), { patienceMs })
}

/** Where nothing would change, nothing is written: a program with models of its own also starts on a standby. */
async function registeredAsItIs(db: Queryable, spec: ModelSpec): Promise<Model | null> {
  const model = await findSameSpace(db, spec)
  if (model === null || model.state === 'retired') return null
  if (spec.baseUrl !== null && spec.baseUrl !== model.baseUrl) return null
  return (await hasModelTable(db, model.id)) ? model : null
}

async function register(tx: Queryable, spec: ModelSpec): Promise<Model> {
  const model = await unretired(tx, (await insertModel(tx, spec)).model)
  await createModelTable(tx, model)
  if (spec.baseUrl === null || model.baseUrl === spec.baseUrl) return model
  await setModelUrl(tx, model.id, spec.baseUrl)
  return { ...model, baseUrl: spec.baseUrl }
}

/** A retired model starts again, without vectors. */
async function unretired(tx: Queryable, model: Model): Promise<Model> {
  if (model.state !== 'retired') return model
  await lockModels(tx)
  await setModelState(tx, model.id, 'registered')
  return { ...model, state: 'registered' }
}

/**
 * Registers the guide's models and the local ones; existing ones stay as they are, missing tables are created.
 * If no model is current, the bundled one becomes current.
 */
export async function setupModels({ db }: Pick<Deps, 'db'>): Promise<void> {
  const specs = catalogueNames.map((name) => specFor(name))
  // One transaction per model: chunk_embeddings is locked for one new column at a time.
  for (const spec of specs) {
    const make = async (tx: Queryable): Promise<void> => {
      const registered = (await lockModels(tx)).find((model) => model.modelName === spec.modelName)
      if (registered === undefined) await register(tx, spec)
      else if (registered.state !== 'retired') await createModelTable(tx, registered)
    }
    await withShortLocks(db, make, { patienceMs })
  }
  await db.transaction(async (tx) => {
    const models = await lockModels(tx)
    if (models.some((model) => model.state === 'current')) return
    const first = models.find((model) => model.modelName === firstModel)
    if (first !== undefined) await setModelState(tx, first.id, 'current')
  })
}

/**
 * The hot switch, one transaction: running processes follow at their next search. The model that was current
 * stays in sync, so that switching back loses nothing; a model without vectors is not kept in sync.
 *
 * @throws RevectorError MODEL_UNKNOWN, MIGRATION_CONFLICT for the target of an open migration, MODEL_EMPTY when it
 *   lacks vectors and `force` is not set
 */
export async function useModel(
  { db, layout }: StoreDeps,
  modelName: string,
  { force = false }: { readonly force?: boolean } = {},
): Promise<{ readonly from: string | null; readonly to: string }> {
  return db.transaction(async (tx) => {
    await lockModels(tx)
    const model = await requireModel(tx, modelName)
    if (model.state === 'retired') throw retired(modelName)
    const migrations = await openMigrations(tx)
    refuseTarget(migrations, model)
    const missing = force ? 0 : await countMissing(tx, layout, model)
    if (missing > 0) {
      throw new RevectorError(
        'MODEL_EMPTY',
        `"${modelName}" lacks the vectors of ${counted(missing, 'chunk')}: searches would miss them.`,
        {
          hint: `Fill it with \`revector migrate run --from … --to ${modelName}\`, or use --force.`,
          data: { model: modelName, missing },
        },
      )
    }
    const before = await currentModel(tx)
    await switchCurrent(tx, model)
    const needed = migrations.some((one) => one.sourceModelId === before?.id)
    if (
      before !== null &&
      before.id !== model.id &&
      !needed &&
      (await countVectors(tx, layout, before)).vectors === 0
    ) {
      await setModelState(tx, before.id, 'registered')
      await forgetPending(tx, before.id)
    }
    return { from: before?.modelName ?? null, to: modelName }
  })
}

/**
 * Drops a model with its table, which frees its disk space at once.
 *
 * @throws RevectorError MODEL_UNKNOWN, MODEL_IN_USE for the current model and, unless forced, one that is being filled,
 *   DATABASE_BUSY
 */
export async function removeModel(
  { db, layout }: StoreDeps,
  modelName: string,
  { force = false, before }: { readonly force?: boolean; readonly before?: BeforeRemoval } = {},
): Promise<{ readonly modelName: string; readonly embeddings: number; readonly bytes: number }> {
  const remove = async (tx: Queryable) => {
    await lockModels(tx)
    const model = await requireModel(tx, modelName)
    if (model.state !== 'current') await before?.(tx, model, { force })
    if (model.state === 'current' || (model.state === 'filling' && !force)) {
      const what = model.state === 'current' ? 'is the current model' : 'is being filled'
      throw new RevectorError('MODEL_IN_USE', `"${modelName}" ${what} and cannot be removed.`, {
        hint:
          model.state === 'current'
            ? 'Make another model current first (`revector models use`).'
            : 'Finish the migration to it first, or use --force if it was abandoned.',
        data: { model: modelName, state: model.state },
      })
    }
    // A retired model has no table.
    const { vectors } = model.state === 'retired' ? { vectors: 0 } : await countVectors(tx, layout, model)
    const bytes = await modelTableBytes(tx, model)
    await dropModelTable(tx, model)
    await deleteModel(tx, model.id)
    return { modelName, embeddings: vectors, bytes }
  }
  return withShortLocks(db, remove, { patienceMs })
}

/**
 * A target becomes current by a cut-over only: then its vectors are verified and the migration's state follows.
 */
function refuseTarget(migrations: readonly StoredMigration[], model: Model): void {
  const open = migrations.find((one) => one.targetModelId === model.id)
  if (open === undefined) return
  throw new RevectorError(
    'MIGRATION_CONFLICT',
    `"${model.modelName}" is the target of a migration from "${open.sourceModel}", which is ${open.state}.`,
    {
      hint: `Make it current with \`revector migrate cutover ${open.id}\`, or cancel the migration first (\`revector migrate cancel ${open.id}\`).`,
      data: { model: model.modelName, migration_id: open.id, state: open.state },
    },
  )
}

function retired(modelName: string): RevectorError {
  return new RevectorError('MODEL_EMPTY', `"${modelName}" is retired: its vectors have been dropped.`, {
    hint: 'Use another model (`revector models list`).',
    data: { model: modelName },
  })
}
