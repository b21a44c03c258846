import type { Queryable } from '../../postgres/database.ts'
import { ident, sql } from '../../postgres/sql.ts'
import { indexedOf } from '../attach/own-index.ts'
import { createChunksView, createVectorView } from '../attach/views.ts'
import { replaceCapture, secureFunction } from '../capture/capture.ts'
import { grantsOf } from '../grants.ts'
import { giveFreedHnswIndexName } from '../hnsw-index.ts'
import { indexKind } from '../index-kind.ts'
import { keepPrivate } from '../keep-private.ts'
import { type Exposed, type Layout, loadLayout, type Place, saveLayout } from '../layout.ts'
import { columnOf, readTable } from '../legacy/table-facts.ts'
import { type ModelSpace, modelTable, modelTableName } from '../names.ts'
import { createLike, giveToOwner } from './like.ts'
import { mirrorName, mirrorStatements } from './mirror.ts'
import type { Pair } from './pair.ts'
import { moveTrigger, storeFunction, storeName, storeTrigger } from './store.ts'

/** The place of another model's vectors in a table like the application's. */
export function placeLike(place: Place, table: Place['table'], dimension: number): Place {
  const type = place.vectors.type === 'halfvec(N)' ? 'halfvec(N)' : 'vector(N)'
  const { indexed: _, modelId: __, ...vectors } = place.vectors
  // Revector has made its vectors itself.
  return { ...place, verified: true, table, vectors: { ...vectors, table, type, dimension } }
}

/** The first step, one short transaction: the table, and triggers by which the two are in step from now on. */
export async function beginExposing(
  tx: Queryable,
  from: Place,
  exposed: Exposed,
  pairing: (tx: Queryable) => Promise<Pair>,
): Promise<void> {
  await createLike(tx, from, exposed.place)
  const pair = await pairing(tx)
  const { schema } = pair
  await tx.query(storeFunction(pair, pair.new, pair.old))
  await tx.query(storeFunction(pair, pair.old, pair.new))
  if (exposed.required) await createNextChunks(tx, schema, exposed)
  // They come last but for the owner: they hold up the application's writers.
  await tx.query(moveTrigger(schema, pair.new.modelId))
  for (const statement of mirrorStatements(pair)) await tx.query(statement)
  const functions = [
    mirrorName(schema, 'out'),
    mirrorName(schema, 'in'),
    storeName(schema, pair.new.modelId),
    storeName(schema, pair.old.modelId),
  ]
  for (const name of functions) await secureFunction(tx, schema, name)
  await giveToOwner(tx, from.table, exposed.place.table)
  await saveLayout(tx, { ...(await loadLayout(tx)), exposed })
}

/** Under this name a model's fill reads the texts of the other table, of which its own has no row before it has a vector. */
export const nextChunks = 'chunks_next'

async function createNextChunks(tx: Queryable, schema: string, { place }: Exposed): Promise<void> {
  await createChunksView(tx, nextChunks, place)
  const view = { schema, name: nextChunks }
  await keepPrivate(tx, [view])
  for (const grant of await grantsOf(tx, { schema, name: 'chunks' }, view)) await tx.query(grant)
}

/** The layout to fill a model by. */
export async function layoutToFill(db: Queryable, layout: Layout, modelId: number): Promise<Layout> {
  if (layout.place === undefined) return layout
  const { exposed, chunks } = await loadLayout(db)
  if (exposed?.required !== true || exposed.firstModelId !== modelId) return layout
  return { ...layout, chunks: { ...chunks, table: { ...chunks.table, name: nextChunks } } }
}

/** The last step, one short transaction: the model's own table goes, and a view of the new one has its name. */
export async function endExposing(tx: Queryable, schema: string, model: ModelSpace): Promise<void> {
  await holdModels(tx)
  const layout = await loadLayout(tx)
  const { exposed } = layout
  if (exposed === undefined || exposed.complete) return
  const view = { schema, name: modelTableName(model.id) }
  const { firstModelId } = exposed
  // Who may write the model's vectors may write those that the first model lacks from now on.
  const first = { schema, name: modelTableName(firstModelId) }
  const grants = [...(await grantsOf(tx, view, view)), ...(await grantsOf(tx, view, first))]
  await tx.query(sql`drop table ${modelTable(model.id)}`)
  await giveFreedHnswIndexName(tx, schema, model)
  await createVectorView(tx, model.id, exposed.place)
  await tx.query(storeTrigger(schema, model.id))
  await tx.query(storeTrigger(schema, firstModelId))
  for (const grant of grants) await tx.query(grant)
  const { vectors } = exposed.place
  const place = { ...exposed.place, vectors: { ...vectors, ...(await indexOf(tx, vectors, model)) } }
  await saveLayout(tx, { ...layout, exposed: { ...exposed, place, complete: true } })
  await replaceCapture(tx)
}

/** The index of the new table, where searches have to know that it is not what Revector would make. */
async function indexOf(
  tx: Queryable,
  { table, column, dimension }: Place['vectors'],
  model: ModelSpace,
): Promise<Pick<Place['vectors'], 'indexed'>> {
  const facts = await readTable(tx, table)
  const found = columnOf(facts, column)
  const { indexed } = found === undefined ? {} : indexedOf(facts, found, dimension)
  if (indexed === undefined) return {}
  const isOwn = indexed.form === indexKind(model).form && indexed.distance === model.distance
  return isOwn ? {} : { indexed }
}

/** Writers that store vectors hold one row in share. */
async function holdModels(tx: Queryable): Promise<void> {
  await tx.query(sql`select from embedding_models order by id for no key update`)
}

/** The tables are no longer kept in step; both stay. */
export async function endMirror(tx: Queryable, schema: string): Promise<void> {
  for (const direction of ['out', 'in'] as const) {
    await tx.query(sql`drop function if exists ${mirrorName(schema, direction)}() cascade`)
  }
}

/** What a fill reads the texts of one side by. */
export async function dropNextChunks(tx: Queryable): Promise<void> {
  await tx.query(sql`drop view if exists ${ident(nextChunks)}`)
}

export async function dropStore(tx: Queryable, schema: string, modelId: number): Promise<void> {
  await tx.query(sql`drop function if exists ${storeName(schema, modelId)}() cascade`)
}

export function withoutExposed({ exposed: _, ...layout }: Layout): Layout {
  return layout
}

/** The model whose vectors the application itself makes. */
export async function firstModelOf(db: Queryable): Promise<number | null> {
  const { rows } = await db.query<{ id: number }>(sql`
    select m.id from embedding_models m
    join pg_class c on c.oid = to_regclass('chunk_embeddings_model_' || m.id) and c.relkind = 'v'
    order by m.id limit 1`)
  return rows[0]?.id ?? null
}

/** Whether the table's name is free for one that is made now. */
export async function isTaken(db: Queryable, { schema, name }: Place['table']): Promise<boolean> {
  const { rows } = await db.query(
    sql`select from pg_class where oid = to_regclass(${ident(schema, name).text}::text)`,
  )
  return rows.length > 0
}
