import type { Queryable } from '../../postgres/database.ts'
import { pgvector } from '../../postgres/pgvector.ts'
import { ident, raw, type Sql, sql } from '../../postgres/sql.ts'
import { findTable } from '../catalog.ts'
import { vectorColumn, vectorType } from '../index-kind.ts'
import { keepPrivate } from '../keep-private.ts'
import type { Place } from '../layout.ts'
import { type Layout, ownLayout, tableOf } from '../layout.ts'
import { modelTable, modelTableName } from '../names.ts'
import { condition } from './expressions.ts'
import { hasKeys, idOf, keys, keysOfVectors, keysTable, matching, rowsOf } from './keys.ts'

/** Every statement reads documents and chunks under these names, wherever they are. */
export function layoutOf(schema: string, place: Place): Layout {
  const own = ownLayout(schema)
  const { idType } = place
  const documents = { ...own.documents, idType: place.documentKey === undefined ? idType : 'text' } as const
  return { documents, chunks: { ...own.chunks, idType }, place }
}

/** What searches as a role read: the row level security of the application's table holds in them. */
export const visibleViews = { documents: 'visible_documents', chunks: 'visible_chunks' } as const

export const corpusViews = ['documents', 'chunks', ...Object.values(visibleViews)] as const

/** Where a role reads documents and chunks. Vectors have no policies: they are read together with their chunks. */
export function visibleLayout(layout: Layout): Layout {
  const { documents, chunks, place } = layout
  if (place === undefined) return layout
  return {
    ...layout,
    documents: { ...documents, table: { ...documents.table, name: visibleViews.documents } },
    chunks: { ...chunks, table: { ...chunks.table, name: visibleViews.chunks } },
  }
}

/**
 * Creates `documents` and `chunks` as views of the application's table. They are simple views, so PostgreSQL reads the table
 * itself, by its own indexes.
 */
export async function createCorpusViews(tx: Queryable, place: Place): Promise<void> {
  await createViewsOf(tx, place, { documents: 'documents', chunks: 'chunks', invoker: false })
  await createViewsOf(tx, place, { ...visibleViews, invoker: true })
}

interface ViewsOf {
  readonly documents: string
  readonly chunks: string
  /** Reads with the rights of the reader, so that its row level security holds; else with those of the owner. */
  readonly invoker: boolean
}

async function createViewsOf(
  tx: Queryable,
  place: Place,
  { documents, chunks, invoker }: ViewsOf,
): Promise<void> {
  const [text, title] = [raw(place.text), raw(place.title)]
  const of = rowsOf(place)
  const id = hasKeys(place) ? raw('revector_id') : idOf(place)
  const byKey = place.documentKey !== undefined
  const described = sql`${title}::text as title, ${raw(place.source)} as source, 'text/plain'::text as media_type`
  const times = sql`null::text as content_hash, ${raw(place.metadata)} as metadata, ${raw(place.createdAt ?? 'null')}::timestamptz as created_at,
      ${raw(place.updatedAt ?? 'null')}::timestamptz as updated_at`
  const readAs = raw(invoker ? ' with (security_invoker = true)' : '')
  await createChunksView(tx, chunks, place, readAs)
  // What is said of a document is said by its first row.
  await tx.query(
    byKey
      ? sql`
    create or replace view ${ident(documents)}${readAs} as
    select revector_document as id, ${described},
      (select string_agg(c.content, E'\n\n' order by c.position) from ${ident(chunks)} c where c.document_id = revector_document) as content,
      ${times}
    ${of} and not exists (
      select from ${ident(keysTable)} earlier
      where earlier.revector_document = revector_keys.revector_document
        and earlier.revector_place < revector_keys.revector_place)`
      : sql`
    create or replace view ${ident(documents)}${readAs} as
    select ${id} as id, ${described}, coalesce(${text}::text, '') as content, ${times}
    ${of}`,
  )
}

export async function createChunksView(
  tx: Queryable,
  name: string,
  place: Place,
  readAs: Sql = sql``,
): Promise<void> {
  const id = hasKeys(place) ? raw('revector_id') : idOf(place)
  const byKey = place.documentKey !== undefined
  await tx.query(sql`
    create or replace view ${ident(name)}${readAs} as
    select ${id} as id, ${raw(byKey ? 'revector_document' : id.text)} as document_id,
      ${raw(byKey ? 'revector_place' : '0')} as position, coalesce(${raw(place.text)}::text, '') as content,
      null::text as content_hash, null::int as start_offset, null::int as end_offset, null::text[] as heading_path,
      null::int as page, null::int as token_count, null::timestamptz as created_at
    ${rowsOf(place)}`)
}

/** The first model's vectors, under the name that statements read them by. */
export async function createVectorView(tx: Queryable, modelId: number, place: Place): Promise<void> {
  const { vectors } = place
  const column = ident(vectors.table.name, vectors.column)
  const dimension = raw(String(vectors.dimension))
  const vector = vectors.type === 'vector(N)' ? column : sql`${column}::${vectorType(vectors.dimension)}`
  // Other rows may hold vectors of other models. As a CASE: of an equality the planner assumes that it leaves one row of 200, and
  // then no longer reads them in the order of an index.
  const ofDimension =
    vectors.type === 'vector'
      ? sql` and case when ${pgvector('vector_dims')}(${column}) = ${dimension} then true else false end`
      : sql``
  const own = keysOfVectors(place)
  const isTableOfTexts =
    vectors.table.schema === place.table.schema && vectors.table.name === place.table.name
  const id = hasKeys(place) ? raw('revector_id') : sql`${ident(vectors.key)}::${raw(place.idType)}`
  const from = hasKeys(place)
    ? sql`${tableOf(vectors.table)} join ${keys} on ${matching(place, own, vectors.table.name)}`
    : tableOf(vectors.table)
  const ofRows = isTableOfTexts
    ? sql` and ${condition(place.where)}`
    : sql`${hasKeys(place) ? sql`` : sql` and ${ident(vectors.key)} is not null`} and ${condition(vectors.where ?? null)}${
        place.where === null ? sql`` : sql` and exists (select from chunks c where c.id = ${id})`
      }`
  await tx.query(sql`
    create view ${modelTable(modelId)} as
    select ${id} as chunk_id, ${raw(String(modelId))} as model_id,
      ${vector} as ${vectorColumn(vectors.dimension)}, null::timestamptz as created_at,
      null::bytea as embedded_text_hash${vectors.type === 'halfvec(N)' ? sql`, ${column} as stored` : sql``}
    from ${from}
    where ${column} is not null${ofDimension}${ofRows}`)
  const view = await findTable(tx, modelTableName(modelId))
  if (view !== null) await keepPrivate(tx, [view])
}
