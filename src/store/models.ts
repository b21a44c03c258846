import { RevectorError } from '../core/errors.ts'
import { type ModelState, writtenStates } from '../core/model.ts'
import type { Queryable } from '../postgres/database.ts'
import { join, raw, type Sql, sql } from '../postgres/sql.ts'
import type { Effort, Model, ModelSpec } from '../wire/model.ts'
import { refuseOtherSpace } from './model-space.ts'

const columns =
  raw(`id, model_name as "modelName", dimension, provider, remote_name as "remoteName", revision, pooling,
    normalize, document_prefix as "documentPrefix", query_prefix as "queryPrefix", distance, base_url as "baseUrl", state,
    to_jsonb(embedding_models) -> 'effort' as effort, created_at as "createdAt"`)

/** The row's id and the transaction that wrote it: changes whenever the row does. */
const version = raw(`id || ':' || xmin::text`)

function named(modelName: string | null): Sql {
  return modelName === null ? sql`state = 'current'` : sql`model_name = ${modelName}`
}

/**
 * An expression that searches also read, to notice that another model became current, that this one was
 * changed, or that anything was committed: the version of the model's row, `pg_current_snapshot()` and, if
 * wanted, how many chunks are recorded as lacking, separated by spaces. NULL if there is no such model.
 */
export function versionAndSnapshot(modelName: string | null, { lacking = false } = {}): Sql {
  const recorded = lacking ? sql` || ' ' || ${recordedLacking(raw('m.id'))}` : sql``
  return sql`(
      select m.id || ':' || m.xmin::text || ' ' || pg_current_snapshot()::text${recorded}
      from embedding_models m where ${named(modelName)}
    )`
}

/** More are not counted: that there are many is all that matters then. */
const mostRecorded = 1_000

/**
 * An expression: chunks that a model is known to lack, since a writer recorded them as pending or in quarantine, in the
 * same transaction in which it stored them. Up to a thousand of each.
 */
export function recordedLacking(modelId: Sql): Sql {
  const of = (table: string): Sql => sql`(
        select count(*) from (
          select from ${raw(table)} r where r.model_id = ${modelId} limit ${raw(String(mostRecorded))}
        ) ${raw(table)}
      )`
  return sql`(${of('pending_chunks')} + ${of('quarantined_chunks')})`
}

/** A model with the version of its row. */
export interface VersionedModel {
  readonly model: Model
  readonly version: string
}

/** The model with this name or (null) the current one, with the version of its row; null if there is none. */
export async function versionedModel(
  db: Queryable,
  modelName: string | null,
): Promise<VersionedModel | null> {
  const { rows } = await db.query<Model & { version: string }>(
    sql`select ${columns}, ${version} as version from embedding_models where ${named(modelName)}`,
  )
  const [row] = rows
  if (row === undefined) return null
  const { version: seen, ...model } = row
  return { model, version: seen }
}

async function models(db: Queryable, rest: Sql): Promise<readonly Model[]> {
  const { rows } = await db.query<Model>(sql`select ${columns} from embedding_models ${rest}`)
  return rows
}

/**
 * Registers a space. One that is already registered under this name stays as it is.
 *
 * @throws RevectorError MODEL_DIMENSION_CONFLICT or MODEL_SPACE_CONFLICT if the name stands for another space
 */
export async function insertModel(
  db: Queryable,
  spec: ModelSpec,
  state: ModelState = 'registered',
): Promise<{ readonly model: Model; readonly inserted: boolean }> {
  const { rows } = await db.query<Model>(sql`
    insert into embedding_models (model_name, dimension, provider, remote_name, revision, pooling, normalize,
      document_prefix, query_prefix, distance, base_url, state)
    values (${spec.modelName}, ${spec.dimension}, ${spec.provider}, ${spec.remoteName}, ${spec.revision},
      ${spec.pooling}, ${spec.normalize}, ${spec.documentPrefix}, ${spec.queryPrefix}, ${spec.distance},
      ${spec.baseUrl}, ${state})
    on conflict (model_name) do nothing
    returning ${columns}`)
  const [row] = rows
  if (row !== undefined) return { model: row, inserted: true }

  const registered = await requireModel(db, spec.modelName)
  refuseOtherSpace(registered, spec)
  return { model: registered, inserted: false }
}

/** The model of this name. @throws RevectorError MODEL_DIMENSION_CONFLICT, MODEL_SPACE_CONFLICT */
export async function findSameSpace(db: Queryable, spec: ModelSpec): Promise<Model | null> {
  const registered = await findModel(db, spec.modelName)
  if (registered !== null) refuseOtherSpace(registered, spec)
  return registered
}

export async function findModel(db: Queryable, modelName: string): Promise<Model | null> {
  return (await models(db, sql`where model_name = ${modelName}`))[0] ?? null
}

/** @throws RevectorError MODEL_UNKNOWN that lists the registered names */
export async function requireModel(db: Queryable, modelName: string): Promise<Model> {
  return (await findModel(db, modelName)) ?? refuseUnknown(db, modelName)
}

async function refuseUnknown(db: Queryable, modelName: string): Promise<never> {
  const names = (await allModels(db)).map((model) => model.modelName)
  const known = names.length === 0 ? 'none is' : `registered: ${names.join(', ')}`
  throw new RevectorError('MODEL_UNKNOWN', `No model is registered as "${modelName}"; ${known}.`, {
    hint: 'Use one of these names, or register the model (`revector models add`).',
    data: { model: modelName, registered: names },
  })
}

/** In the order of registration. */
export async function allModels(db: Queryable): Promise<readonly Model[]> {
  return models(db, sql`order by id`)
}

export async function currentModel(db: Queryable): Promise<Model | null> {
  return (await models(db, sql`where state = 'current'`))[0] ?? null
}

/** @throws RevectorError MODEL_UNKNOWN if no model is current */
export async function requireCurrentModel(db: Queryable): Promise<Model> {
  const model = await currentModel(db)
  if (model !== null) return model
  const names = (await allModels(db)).map(({ modelName }) => modelName)
  throw new RevectorError('MODEL_UNKNOWN', 'No model is current, and none was named.', {
    hint:
      names.length === 0
        ? 'Register the known models with `revector db setup-models`.'
        : `Make a model current with \`revector models use\`: ${names.join(', ')}.`,
    data: { model: null, registered: names },
  })
}

/**
 * The models that every write of a document must reach, the current one first. With `lock`, their states cannot
 * change before the transaction ends, so a write and a cut-over never miss each other.
 */
export async function writtenModels(
  db: Queryable,
  options: { readonly lock?: boolean } = {},
): Promise<readonly Model[]> {
  const written = sql`state in (${join(writtenStates.map((state) => sql`${state}`))})`
  for (;;) {
    // Read again once a lock is held: a statement that waited for one doesn't see a model that became a written
    // one meanwhile. A change of state locks all rows, so one locked row is enough.
    const held = options.lock === true ? await models(db, sql`where ${written} order by id for share`) : null
    const found = await models(db, sql`where ${written} order by state <> 'current', id`)
    // None is locked if all that it waited for are gone: the next round locks those that replaced them.
    if (held === null || held.length > 0 || found.length === 0) return found
  }
}

/** Locks the states of all models until the transaction ends; other writers of documents wait. */
export async function lockModels(tx: Queryable): Promise<readonly Model[]> {
  // Rows that refer to a model (quarantined chunks, say) only need its key, so they don't wait.
  return models(tx, raw('order by id for no key update'))
}

/** @returns whether the model exists */
export async function setModelState(db: Queryable, id: number, state: ModelState): Promise<boolean> {
  const { rowCount } = await db.query(sql`update embedding_models set state = ${state} where id = ${id}`)
  return rowCount === 1
}

/** Searches follow at their next one: the version of the row changes. Nothing, if the model is gone. */
export async function setModelEffort(db: Queryable, id: number, effort: Effort): Promise<void> {
  await db.query(sql`update embedding_models set effort = ${JSON.stringify(effort)}::jsonb where id = ${id}`)
}

/** The endpoint is not part of the space, so it may change at any time. */
export async function setModelUrl(db: Queryable, id: number, baseUrl: string | null): Promise<boolean> {
  const { rowCount } = await db.query(sql`update embedding_models set base_url = ${baseUrl} where id = ${id}`)
  return rowCount === 1
}

/**
 * The hot switch, inside a transaction: `to` becomes current and the previous one stays in sync as standby. Two
 * at once run one after the other, so that exactly one model is current at every moment.
 *
 * @returns the model that was current before; null if there was none
 */
export async function switchCurrent(tx: Queryable, to: Model): Promise<Model | null> {
  const locked = await lockModels(tx)
  const before = locked.find((model) => model.state === 'current') ?? null
  if (before?.id === to.id) return before
  if (!locked.some((model) => model.id === to.id)) await refuseUnknown(tx, to.modelName)
  // The database allows one current model at any moment: the old one is changed first.
  if (before !== null) await setModelState(tx, before.id, 'standby')
  await setModelState(tx, to.id, 'current')
  return before
}

/** The row only; its table goes with `dropModelTable`. */
export async function deleteModel(tx: Queryable, id: number): Promise<boolean> {
  const { rowCount } = await tx.query(sql`
    with forgotten as (delete from pending_chunks where model_id = ${id})
    delete from embedding_models where id = ${id}`)
  return rowCount === 1
}

/** The canaries go together with the model's vectors. */
export async function deleteCanaries(tx: Queryable, id: number): Promise<void> {
  await tx.query(sql`delete from model_canaries where model_id = ${id}`)
}
