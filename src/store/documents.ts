import type { DocumentId, Metadata } from '../core/document.ts'
import type { Queryable } from '../postgres/database.ts'
import { raw, type Sql, sql } from '../postgres/sql.ts'
import { encodeTextArray } from '../postgres/text-array.ts'
import { type Layout, tableOf } from '../schema/layout.ts'
import type { DocumentSummary, StoredDocument } from '../wire/document.ts'
import type { SearchFilter } from '../wire/search.ts'
import { chunkColumns, documentColumns } from './columns.ts'
import { documentsMatching } from './filter.ts'
import { idValue, isId, possibleIdArray } from './ids.ts'
import { translatingRefusals } from './refusals.ts'

/** A document as it is written. */
export interface NewDocument {
  readonly title: string
  readonly content: string
  /** A path or URL that identifies the document for its owner; null for a text without one. */
  readonly source: string | null
  readonly mediaType: string
  /** SHA-256 of what the document was made from, in hex. */
  readonly contentHash: string
  readonly metadata: Metadata
}

/** A document as it is read. */
export interface DocumentRow extends DocumentSummary {
  readonly contentHash: string | null
}

export interface DocumentWithContent extends DocumentRow, Pick<StoredDocument, 'content'> {}

/** One document of `share`, drawn by hash: the same ones in every call. */
export async function documentsByHash(
  db: Queryable,
  layout: Layout,
  { share, limit }: { readonly share: number; readonly limit: number },
): Promise<readonly DocumentId[]> {
  const d = documentColumns(layout)
  const { rows } = await db.query<{ id: string }>(sql`
    select id
    from (select d.${d.id}::text as id, hashtextextended(d.${d.id}::text, 0) as place from ${d.table} d) drawn
    where place % ${share}::int = 0
    order by place
    limit ${limit}`)
  return rows.map(({ id }) => id)
}

/**
 * Keeps other transactions from writing documents with these sources until this one ends, so that what is read
 * afterwards stays true, even if an adopted table has no unique source. Locks one source at a time, in the
 * given order: if it is sorted, two writers can't wait for each other.
 */
export async function lockSources(tx: Queryable, layout: Layout, sources: readonly string[]): Promise<void> {
  if (sources.length === 0) return
  const table = tableOf(layout.documents.table).text
  await tx.query(sql`
    select pg_advisory_xact_lock(hashtextextended('revector source ' || ${table}::text || ' ' || source, 0))
    from unnest(${sources}::text[]) as source`)
}

/**
 * Ids and hashes of the documents with these sources; absent ones are left out. With `lock`, no other
 * transaction deletes or changes them before this one ends.
 */
export async function documentsBySource(
  db: Queryable,
  layout: Layout,
  sources: readonly string[],
  { lock = false }: { readonly lock?: boolean } = {},
): Promise<ReadonlyMap<string, { readonly id: DocumentId; readonly contentHash: string | null }>> {
  const d = documentColumns(layout)
  const { rows } = await db.query<{ id: string; source: string; hash: string | null }>(sql`
    select ${d.id}::text as id, ${d.source} as source, ${d.contentHash} as hash
    from ${d.table}
    where ${d.source} = any(${sources}::text[])
    order by ${d.id}
    ${raw(lock ? 'for no key update' : '')}`)
  return new Map(rows.map((row) => [row.source, { id: row.id, contentHash: row.hash }]))
}

/**
 * Adds documents, in one statement.
 *
 * @returns their ids, in the order given
 * @throws RevectorError INVALID_INPUT if the owner's table requires a column that Revector can't fill
 */
export async function insertDocuments(
  db: Queryable,
  layout: Layout,
  documents: readonly NewDocument[],
): Promise<readonly DocumentId[]> {
  if (documents.length === 0) return []
  const d = documentColumns(layout)
  const { rows } = await translatingRefusals(() =>
    db.query<{ id: string; source: string | null; hash: string }>(sql`
      insert into ${d.table} (${d.title}, ${d.content}, ${d.source}, ${d.mediaType}, ${d.contentHash}, ${d.metadata})
      select u.title, u.content, u.source, u.media_type, u.content_hash, u.metadata::jsonb
      from unnest(
        ${documents.map((document) => document.title)}::text[],
        ${encodeTextArray(documents.map((document) => document.content))}::text[],
        ${documents.map((document) => document.source)}::text[],
        ${documents.map((document) => document.mediaType)}::text[],
        ${documents.map((document) => document.contentHash)}::text[],
        ${documents.map((document) => JSON.stringify(document.metadata))}::text[]
      ) with ordinality as u (title, content, source, media_type, content_hash, metadata, place)
      order by u.place
      returning ${d.id}::text as id, ${d.source} as source, ${d.contentHash} as hash`),
  )
  // Rows may come back in any order. Documents with the same source and hash are identical.
  const ids = new Map<string, DocumentId[]>()
  const named = (source: string | null, hash: string): string => JSON.stringify([source, hash])
  for (const { id, source, hash } of rows) {
    const name = named(source, hash)
    ids.set(name, [...(ids.get(name) ?? []), id])
  }
  return documents.map(({ source, contentHash }) => {
    const id = ids.get(named(source, contentHash))?.shift()
    if (id === undefined) throw new Error('The inserted document came back without a row')
    return id
  })
}

/** @returns whether the document exists */
export async function updateDocument(
  db: Queryable,
  layout: Layout,
  id: DocumentId,
  document: NewDocument,
): Promise<boolean> {
  const d = documentColumns(layout)
  if (!isId(d.idType, id)) return false
  const { rowCount } = await db.query(sql`
    update ${d.table}
    set ${d.title} = ${document.title}, ${d.content} = ${document.content}, ${d.source} = ${document.source},
      ${d.mediaType} = ${document.mediaType}, ${d.contentHash} = ${document.contentHash},
      ${d.metadata} = ${JSON.stringify(document.metadata)}::jsonb, ${d.updatedAt} = now()
    where ${d.id} = ${idValue(d.idType, id)}`)
  return rowCount > 0
}

export async function getDocument(
  db: Queryable,
  layout: Layout,
  id: DocumentId,
): Promise<DocumentWithContent | null> {
  const d = documentColumns(layout)
  if (!isId(d.idType, id)) return null
  const { rows } = await db.query<DocumentWithContent>(sql`
    select ${listed(layout)}, d.${d.content} as content
    from ${d.table} d
    where d.${d.id} = ${idValue(d.idType, id)}`)
  return rows[0] ?? null
}

/** @returns at most `limit` documents in the order of their ids, after the id `after` */
export async function listDocuments(
  db: Queryable,
  layout: Layout,
  page: {
    readonly limit: number
    readonly after?: DocumentId
    readonly filter?: SearchFilter
    /** Part of the title or the source, ignoring case. */
    readonly query?: string
  },
): Promise<readonly DocumentRow[]> {
  const d = documentColumns(layout)
  const { after, query } = page
  // Not LIKE: % and _ have no special meaning in the text searched for.
  const named =
    query === undefined
      ? sql`true`
      : sql`position(lower(${query}) in lower(concat_ws(' ', d.${d.title}::text, d.${d.source}))) > 0`
  const begin =
    after === undefined || !isId(d.idType, after) ? sql`true` : sql`d.${d.id} > ${idValue(d.idType, after)}`
  const { rows } = await db.query<DocumentRow>(sql`
    select ${listed(layout)}
    from ${d.table} d
    where ${begin} and ${named} and ${documentsMatching(layout, page.filter)}
    order by d.${d.id}
    limit ${page.limit}`)
  return rows
}

export async function countDocuments(db: Queryable, layout: Layout): Promise<number> {
  const { rows } = await db.query<{ count: string }>(
    sql`select count(*) as count from ${documentColumns(layout).table}`,
  )
  return Number(rows[0]?.count ?? 0)
}

/** Ids of at most `limit` documents that have one of the sources and match the filter, in the order of their ids. */
export async function matchingDocuments(
  db: Queryable,
  layout: Layout,
  {
    sources,
    filter,
    limit,
  }: { readonly sources?: readonly string[]; readonly filter?: SearchFilter; readonly limit: number },
): Promise<readonly DocumentId[]> {
  const d = documentColumns(layout)
  const ofSources = sources === undefined ? sql`true` : sql`d.${d.source} = any(${sources}::text[])`
  const { rows } = await db.query<{ id: string }>(sql`
    select d.${d.id}::text as id
    from ${d.table} d
    where ${ofSources} and ${documentsMatching(layout, filter)}
    order by d.${d.id}
    limit ${limit}`)
  return rows.map(({ id }) => id)
}

/**
 * Deletes documents with their chunks and every model's vectors. In this order and explicitly, because the
 * foreign keys of an adopted database may not cascade; and locked first, in the order in which writers lock
 * them, so that no chunk or vector is added in between.
 *
 * @returns how many documents there were
 */
export async function deleteDocuments(
  tx: Queryable,
  layout: Layout,
  ids: readonly DocumentId[],
): Promise<number> {
  const d = documentColumns(layout)
  const c = chunkColumns(layout)
  const gone = possibleIdArray(d.idType, ids)
  await tx.query(sql`select from ${d.table} where ${d.id} = any(${gone}) order by ${d.id} for update`)
  await tx.query(sql`
    select from ${c.table} where ${c.documentId} = any(${gone}) order by ${c.id} for update`)
  await tx.query(sql`
    delete from chunk_embeddings e
    using ${c.table} c
    where c.${c.documentId} = any(${gone}) and e.chunk_id = c.${c.id}`)
  await tx.query(sql`delete from ${c.table} where ${c.documentId} = any(${gone})`)
  const { rowCount } = await tx.query(sql`delete from ${d.table} where ${d.id} = any(${gone})`)
  return rowCount
}

function listed(layout: Layout): Sql {
  const d = documentColumns(layout)
  const c = chunkColumns(layout)
  return sql`d.${d.id}::text as id, coalesce(d.${d.title}::text, '') as title, d.${d.source} as source,
      d.${d.mediaType} as "mediaType", d.${d.contentHash} as "contentHash",
      coalesce(d.${d.metadata}, '{}'::jsonb) as metadata, d.${d.createdAt}::timestamptz as "createdAt",
      d.${d.updatedAt}::timestamptz as "updatedAt",
      (select count(*)::int from ${c.table} c where c.${c.documentId} = d.${d.id}) as chunks`
}
