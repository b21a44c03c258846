import { RevectorError } from '../core/errors.ts'
import type { OnProgress } from '../core/progress.ts'
import type { EmbeddingModel } from '../embedding/contract.ts'
import type { Database, Queryable } from '../postgres/database.ts'
import { createAttached, dropAttached, isAttached } from '../schema/attach/attach.ts'
import { isCopied } from '../schema/attach/copied.ts'
import type { PlaceChoices } from '../schema/attach/expressions.ts'
import { finishAttached } from '../schema/attach/finish.ts'
import { locate } from '../schema/attach/locate.ts'
import { addStore } from '../schema/attach/maintain.ts'
import { countRows, sampleRows } from '../schema/attach/rows.ts'
import { createVectorView } from '../schema/attach/views.ts'
import { addCapture, secureFunction } from '../schema/capture/capture.ts'
import { addVectorCapture } from '../schema/capture/vectors.ts'
import { currentSchema } from '../schema/fresh.ts'
import { buildHnswIndex } from '../schema/hnsw-build.ts'
import { dropHnswIndex } from '../schema/hnsw-index.ts'
import { loadLayout, type Place } from '../schema/layout.ts'
import { type ShortLockOptions, withSchemaLock, withShortLocks } from '../schema/locks.ts'
import { createModelTable } from '../schema/model-table.ts'
import { createSchema, dropEmptySchema, schemaExists } from '../schema/own-schema.ts'
import { requireRights } from '../schema/rights.ts'
import { insertModel, requireModel } from '../store/models.ts'
import type { AdoptedTable, ReleasedTable } from '../wire/database.ts'
import type { Model, ModelSpec } from '../wire/model.ts'
import { otherDimension, sampleSize, verify } from './prove-model.ts'

export interface AdoptTableRequest {
  /** `table` or `schema.table`. */
  readonly table: string
  /** The model that made its vectors, for their dimension. */
  readonly spec: (dimension: number) => ModelSpec
  readonly choices: PlaceChoices
  /** Go on if the model can't be asked, or makes other vectors. */
  readonly unverified: boolean
  readonly open: (model: Model) => Promise<EmbeddingModel>
  readonly signal?: AbortSignal
  readonly onProgress?: OnProgress
}

/**
 * Makes an application's table the corpus of a new installation, and its vectors those of the first model, where they are.
 * All or nothing; the table is read and stays as it is.
 *
 * @throws RevectorError NOT_FOUND, UPGRADE_REFUSED, MODEL_DIMENSION_CONFLICT, MODEL_UNPROVEN, INVALID_INPUT,
 *   DATABASE_PERMISSION_DENIED, INTERRUPTED
 */
export async function adoptTable(
  db: Database,
  request: AdoptTableRequest,
): Promise<Omit<AdoptedTable, 'revectorSchema'>> {
  const located = await locate(
    db,
    request.table,
    request.choices,
    (dimension) => request.spec(dimension).dimension === dimension,
  )
  const { dimension } = located.vectors
  const spec = request.spec(dimension)
  const place = await withUsableIndex(db, located, spec)
  if (spec.dimension !== dimension) throw await otherDimension(db, spec, place, request)
  const verified = await verify(db, place, spec, request)
  const rows = await countRows(db, place)
  const isNew = db.schema !== null && !(await schemaExists(db, db.schema))
  await createSchema(db, request.onProgress)
  const schema = await currentSchema(db)
  const { signal, onProgress } = request
  const lockedMs = await withSchemaLock(
    db,
    async ({ session }) => {
      let began: number | null = null
      // Started twice, or again after its answer was lost.
      if (!(await isAttached(session, { ...place, verified }, spec.modelName))) {
        const work = (tx: Queryable) => attach(tx, schema, { ...place, verified }, spec)
        began = await withShortLocks(session, work, { signal, onProgress }).catch(async (error: unknown) => {
          // What fails leaves nothing: a schema in which something is stays.
          if (isNew) await dropEmptySchema(session, schema)
          throw error
        })
      }
      const locked = began === null ? 0 : performance.now() - began
      await finishAttached(session, schema)
      return locked
    },
    { signal, onProgress },
  )
  if (isCopied(place)) {
    const model = await requireModel(db, spec.modelName)
    await buildHnswIndex(db, model, { signal, onProgress, modelName: spec.modelName })
  }
  const { table } = place.vectors
  return {
    schema: table.schema,
    table: table.name,
    mode: isCopied(place) ? 'copy' : 'attach',
    rows,
    model: spec.modelName,
    verified,
    lockedMs,
  }
}

/** An index by another distance gives the same order only where all vectors have the length 1. */
async function withUsableIndex(db: Queryable, place: Place, { distance }: ModelSpec): Promise<Place> {
  const { indexed, ...vectors } = place.vectors
  if (indexed === undefined || indexed.distance === distance) return place
  const sample = await sampleRows(db, place, sampleSize)
  const normal = sample.every(({ vector }) => Math.abs(Math.hypot(...vector) - 1) < 1e-3)
  return normal ? place : { ...place, vectors }
}

/** @returns when the table began to take no writes */
async function attach(tx: Queryable, schema: string, place: Place, spec: ModelSpec): Promise<number> {
  await createAttached(tx, schema, place)
  const { model } = await insertModel(tx, spec, 'current')
  if (isCopied(place)) {
    await createModelTable(tx, model)
    // Built once, when all are there.
    await dropHnswIndex(tx, model)
  } else await createVectorView(tx, model.id, place)
  if (place.maintained === true) await secureFunction(tx, schema, await addStore(tx, schema, place))
  // The triggers come last: they are what holds up the application.
  const began = performance.now()
  await addCapture(tx)
  await addVectorCapture(tx, schema, place)
  return began
}

/**
 * Leaves an adopted table as it was, whatever state a migration is in: every other model's vectors go.
 *
 * @throws RevectorError NOT_FOUND if none was adopted, ROLLBACK_REFUSED, DATABASE_BUSY
 */
export async function releaseTable(db: Database, options: ShortLockOptions): Promise<ReleasedTable> {
  const { place } = await loadLayout(db)
  if (place === undefined) {
    throw new RevectorError('NOT_FOUND', 'This installation has adopted no table of an application.', {
      hint: 'Name the schema that it was adopted into: --schema NAME.',
    })
  }
  await requireRights(db, 'owner')
  const schema = await currentSchema(db)
  await withShortLocks(db, (tx) => dropAttached(tx, schema), options)
  const { table } = place.vectors
  return { schema: table.schema, table: table.name }
}
