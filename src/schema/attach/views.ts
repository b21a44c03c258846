import type { Queryable } from '../../postgres/database.ts'
import { pgvector } from '../../postgres/pgvector.ts'
import { ident, raw, sql } from '../../postgres/sql.ts'
import { findTable } from '../catalog.ts'
import { vectorColumn, vectorType } from '../index-kind.ts'
import { keepPrivate } from '../keep-private.ts'
import type { Place } from '../layout.ts'
import { type Layout, ownLayout, tableOf } from '../layout.ts'
import { modelTable, modelTableName } from '../names.ts'
import { condition } from './expressions.ts'

/** Every statement reads documents and chunks under these names, wherever they are. */
export function layoutOf(schema: string, place: Place): Layout {
  const own = ownLayout(schema)
  const { idType } = place
  return { documents: { ...own.documents, idType }, chunks: { ...own.chunks, idType }, place }
}

export const corpusViews = ['documents', 'chunks'] as const

/**
 * Creates `documents` and `chunks` as views of the application's table: each of its rows is a document of one chunk. They are
 * simple views, so PostgreSQL reads the table itself, by its own indexes.
 */
export async function createCorpusViews(tx: Queryable, place: Place): Promise<void> {
  const [id, text, title] = [ident(place.id), raw(place.text), raw(place.title)]
  const of = sql`from ${tableOf(place.table)} where ${condition(place.where)}`
  const idType = raw(place.idType)
  await tx.query(sql`
    create or replace view documents as
    select ${id}::${idType} as id, ${title}::text as title, ${raw(place.source)} as source, 'text/plain'::text as media_type,
      coalesce(${text}::text, '') as content, null::text as content_hash, ${raw(place.metadata)} as metadata,
      null::timestamptz as created_at, null::timestamptz as updated_at
    ${of}`)
  await tx.query(sql`
    create or replace view chunks as
    select ${id}::${idType} as id, ${id}::${idType} as document_id, 0 as position, coalesce(${text}::text, '') as content,
      null::text as content_hash, null::int as start_offset, null::int as end_offset, null::text[] as heading_path,
      null::int as page, null::int as token_count, null::timestamptz as created_at
    ${of}`)
}

/** The first model's vectors, under the name that statements read them by. */
export async function createVectorView(tx: Queryable, modelId: number, place: Place): Promise<void> {
  const { vectors } = place
  const column = ident(vectors.column)
  const dimension = raw(String(vectors.dimension))
  const vector = vectors.type === 'vector(N)' ? column : sql`${column}::${vectorType(vectors.dimension)}`
  // Other rows may hold vectors of other models.
  const ofDimension =
    vectors.type === 'vector' ? sql` and ${pgvector('vector_dims')}(${column}) = ${dimension}` : sql``
  const isTableOfTexts =
    vectors.table.schema === place.table.schema && vectors.table.name === place.table.name
  const ofRows = isTableOfTexts
    ? sql` and ${condition(place.where)}`
    : place.where === null
      ? sql``
      : sql` and exists (select from chunks c where c.id = ${ident(vectors.key)}::${raw(place.idType)})`
  await tx.query(sql`
    create view ${modelTable(modelId)} as
    select ${ident(vectors.key)}::${raw(place.idType)} as chunk_id, ${raw(String(modelId))} as model_id,
      ${vector} as ${vectorColumn(vectors.dimension)}, null::timestamptz as created_at,
      null::bytea as embedded_text_hash
    from ${tableOf(vectors.table)}
    where ${column} is not null${ofDimension}${ofRows}`)
  // Who may read the view reads the table by its owner's rights.
  const view = await findTable(tx, modelTableName(modelId))
  if (view !== null) await keepPrivate(tx, [view])
}
