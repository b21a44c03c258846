import { RevectorError } from '../core/errors.ts'
import type { OnProgress } from '../core/progress.ts'
import type { Database, Queryable } from '../postgres/database.ts'
import { isCopied } from '../schema/attach/copied.ts'
import { hasKeys } from '../schema/attach/keys.ts'
import { checkExpressions } from '../schema/attach/rows.ts'
import { heirsOf } from '../schema/capture/tables.ts'
import { beginExposing, endExposing, firstModelOf, isTaken, placeLike } from '../schema/expose/expose.ts'
import { functionsFor } from '../schema/expose/functions.ts'
import { requireOwner } from '../schema/expose/like.ts'
import { countExposed, moveRows, triggersOf } from '../schema/expose/move.ts'
import { newTable, nothingAdopted, taken } from '../schema/expose/new-table.ts'
import { isRequired, type Pair, pairOf } from '../schema/expose/pair.ts'
import { buildVectorIndexes } from '../schema/expose/vector-indexes.ts'
import { currentSchema } from '../schema/fresh.ts'
import type { BuildSite } from '../schema/index-build.ts'
import { type Exposed, loadLayout, type Place, type TableName } from '../schema/layout.ts'
import { withSchemaLock, withShortLocks } from '../schema/locks.ts'
import { requireRights } from '../schema/rights.ts'
import { openMigrations } from '../store/migrations.ts'
import { requireModel } from '../store/models.ts'
import type { ExposedTable } from '../wire/database.ts'
import type { Model } from '../wire/model.ts'

export interface ExposeRequest {
  readonly modelName: string
  /** `TABLE`, beside the application's, or `SCHEMA.TABLE`. */
  readonly table: string
  readonly signal?: AbortSignal
  readonly onProgress?: OnProgress
}

/**
 * Makes a table like the application's for the vectors of another model, moves them there, and keeps the two in step from then on:
 * the next deployment of the application uses it. Nothing is stored twice in the end. Killed at any point, it goes on where it
 * stopped when it is run again.
 *
 * @throws RevectorError NOT_FOUND, INVALID_INPUT, MODEL_UNKNOWN, MODEL_EMPTY, MODEL_IN_USE, MIGRATION_CONFLICT, UPGRADE_REFUSED,
 *   DATABASE_PERMISSION_DENIED, DATABASE_BUSY, INTERRUPTED
 */
export async function exposeModel(db: Database, request: ExposeRequest): Promise<ExposedTable> {
  const { signal, onProgress } = request
  await requireRights(db, 'owner')
  const schema = await currentSchema(db)
  return withSchemaLock(
    db,
    async (site) => {
      const model = await requireModel(site.session, request.modelName)
      const { from, exposed } = await begin(site, schema, model, request)
      const pair = await pairing(schema, from, exposed)(site.session)
      if (!exposed.complete) {
        await moveRows(site.session, pair, {
          signal,
          onRows: (rows) => onProgress?.({ type: 'table.rows', table: exposed.place.table.name, rows }),
        })
        await buildVectorIndexes(site, from, exposed.place, model.distance)
        await withShortLocks(site.session, (tx) => endExposing(tx, schema, model), {
          signal,
          onProgress,
        })
      }
      const { table } = exposed.place
      const counted = await countExposed(site.session, exposed.place)
      return {
        schema: table.schema,
        table: table.name,
        model: model.modelName,
        ...counted,
        triggers: await triggersOf(site.session, from.table),
        functions: await functionsFor(site.session, from, exposed.place),
      }
    },
    { signal, onProgress },
  )
}

interface Begun {
  readonly from: Place
  readonly exposed: Exposed
}

/** Finds out how far another run came, or takes the first step. */
async function begin(
  { session }: BuildSite,
  schema: string,
  model: Model,
  request: ExposeRequest,
): Promise<Begun> {
  const { place: from, exposed } = await loadLayout(session)
  if (from === undefined) throw nothingAdopted()
  const table = newTable(request.table, from.table.schema)
  if (exposed === undefined) await refuseShape(session, from)
  const first = exposed?.firstModelId ?? (await firstModelOf(session))
  if (first === null || first === model.id) throw ofApplication(model, from.table)
  if (exposed !== undefined) {
    if (exposed.modelId === model.id && isSame(exposed.place.table, table)) return { from, exposed }
    throw another(exposed)
  }
  await requireOwner(session, from.table, table.schema)
  await refuseFilling(session, model)
  if (model.state === 'retired') throw empty(model)
  if (await isTaken(session, table)) throw taken(table)
  const begun = {
    modelId: model.id,
    firstModelId: first,
    place: placeLike(from, table, model.dimension),
    required: await isRequired(session, from),
    complete: false,
  }
  const { signal, onProgress } = request
  await withShortLocks(
    session,
    async (tx) => {
      await beginExposing(tx, from, begun, pairing(schema, from, begun))
      await checkExpressions(tx, begun.place)
    },
    { signal, onProgress },
  )
  return { from, exposed: begun }
}

function pairing(schema: string, from: Place, exposed: Exposed): (db: Queryable) => Promise<Pair> {
  return (db) => pairOf(db, schema, { modelId: exposed.firstModelId, place: from }, exposed)
}

/** Rows are kept in step one by one, by a unique column. */
async function refuseShape(session: Queryable, from: Place): Promise<void> {
  if (!isSame(from.table, from.vectors.table)) throw inTwoTables(from)
  if (hasKeys(from) || isCopied(from) || from.unproved === true) throw noOneKey(from)
  if ((await heirsOf(session, from.table)).length > 0) throw inherited(from)
  if (hasKeys(from)) throw bySideTable(from)
  if (from.maintained === true) throw maintained(from)
}

async function refuseFilling(db: Queryable, model: Model): Promise<void> {
  const open = (await openMigrations(db)).find((one) => one.targetModelId === model.id)
  if (open === undefined) return
  throw new RevectorError(
    'MIGRATION_CONFLICT',
    `"${model.modelName}" is the target of a migration which is ${open.state}.`,
    {
      hint: `Let it end with \`revector migrate cutover ${open.id}\` first: going back stays possible.`,
      data: { model: model.modelName, migration_id: open.id, state: open.state },
    },
  )
}

function isSame(a: TableName, b: TableName): boolean {
  return a.schema === b.schema && a.name === b.name
}

function ofApplication({ modelName }: Model, { schema, name }: TableName): RevectorError {
  return new RevectorError(
    'CORPUS_OF_APPLICATION',
    `The vectors of "${modelName}" are in ${schema}.${name} already.`,
    {
      hint: 'Expose the model that the application moves to.',
      data: { model: modelName, schema, table: name },
    },
  )
}

function another({ place: { table }, complete }: Exposed): RevectorError {
  return new RevectorError(
    'MODEL_IN_USE',
    `${table.schema}.${table.name} is ${complete ? '' : 'being '}exposed already, and one table at a time is.`,
    {
      hint: complete
        ? 'Retire the old model first (`revector migrate retire`): then the exposed table is the application’s.'
        : 'Run the same `revector db expose` again, to its end.',
      data: { schema: table.schema, table: table.name },
    },
  )
}

function maintained({ table }: Place): RevectorError {
  const name = `${table.schema}.${table.name}`
  return new RevectorError(
    'UPGRADE_REFUSED',
    `Revector makes the vectors of ${name} (--maintain): it can't mirror them, too.`,
    {
      hint: 'Release the table and adopt it without --maintain.',
      data: { table: name },
    },
  )
}

function bySideTable({ table }: Place): RevectorError {
  const name = `${table.schema}.${table.name}`
  return new RevectorError(
    'UPGRADE_REFUSED',
    `The rows of ${name} are found by a side table, as their key has several columns, or a type that ids don't have, or as a document has several of them: a second table can't be kept in step with it.`,
    {
      hint: 'Search through Revector, or move the application by a key of one column of type integer, uuid or text.',
      data: { table: name },
    },
  )
}

function inTwoTables({ table, vectors }: Place): RevectorError {
  return new RevectorError(
    'UPGRADE_REFUSED',
    `The texts are in ${table.schema}.${table.name} and the vectors in ${vectors.table.schema}.${vectors.table.name}: only one table of both can be exposed.`,
    {
      hint: `Write the model’s vectors once: \`revector db export MODEL --like ${table.name}\`.`,
      data: { table: table.name },
    },
  )
}

function noOneKey({ table, vectors }: Place): RevectorError {
  return new RevectorError(
    'UPGRADE_REFUSED',
    `Two tables are kept in step row by row, and ${table.schema}.${table.name} has ${
      vectors.type === 'vector' || vectors.type.endsWith('(N)')
        ? 'no unique column of type integer, bigint, uuid or text that names one'
        : `vectors of type ${vectors.type}`
    }.`,
    {
      hint: `Write the model’s vectors once: \`revector db export MODEL --like ${table.name}\`.`,
      data: { table: table.name },
    },
  )
}

function inherited({ table }: Place): RevectorError {
  return new RevectorError(
    'UPGRADE_REFUSED',
    `Other tables inherit from ${table.schema}.${table.name}: their rows can’t be kept in step.`,
    {
      hint: `Write the model’s vectors once: \`revector db export MODEL --like ${table.name}\`.`,
      data: { table: table.name },
    },
  )
}

function empty({ modelName }: Model): RevectorError {
  return new RevectorError('MODEL_EMPTY', `"${modelName}" is retired: its vectors have been dropped.`, {
    hint: 'Migrate to the model first.',
    data: { model: modelName },
  })
}
