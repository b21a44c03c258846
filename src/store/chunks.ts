import type { ChunkId, ChunkText, DocumentId } from '../core/document.ts'
import type { Queryable } from '../postgres/database.ts'
import { raw, type Sql, sql } from '../postgres/sql.ts'
import { encodeTextArray } from '../postgres/text-array.ts'
import type { Layout } from '../schema/layout.ts'
import type { StoredChunk } from '../wire/document.ts'
import { chunkColumns } from './columns.ts'
import { idArray, idValue, isId, possibleIdArray } from './ids.ts'
import { translatingRefusals } from './refusals.ts'
import { textHash } from './stale.ts'

/** A chunk as it is read. In an adopted database everything but id, document and content may be missing. */
export interface ChunkRow extends StoredChunk {
  readonly contentHash: string | null
}

/** A chunk as it is written. */
export interface NewChunk extends ChunkText {
  readonly documentId: DocumentId
}

/**
 * Adds chunks, in one statement.
 *
 * @returns their ids, in the order given
 * @throws RevectorError INVALID_INPUT if the owner's table requires a column that Revector can't fill
 */
export async function insertChunks(
  db: Queryable,
  layout: Layout,
  chunks: readonly NewChunk[],
): Promise<readonly ChunkId[]> {
  if (chunks.length === 0) return []
  const c = chunkColumns(layout)
  const documentIds = idArray(
    layout.documents.idType,
    chunks.map((chunk) => chunk.documentId),
  )
  const { rows } = await translatingRefusals(() =>
    db.query<{ id: string; document: string; position: number }>(sql`
      insert into ${c.table} (${c.documentId}, ${c.position}, ${c.content}, ${c.contentHash}, ${c.startOffset},
        ${c.endOffset}, ${c.headingPath}, ${c.page}, ${c.tokenCount})
      select u.document_id, u.position, u.content, u.content_hash, u.start_offset,
        u.end_offset, u.heading_path::text[], u.page, u.token_count
      from unnest(
        ${documentIds}, ${encodeTextArray(chunks.map((chunk) => chunk.content))}::text[], ${places(chunks)}
      ) with ordinality as u (document_id, content, ${placeNames}, place)
      order by u.place
      returning ${c.id}::text as id, ${c.documentId}::text as document, ${c.position}::float8 as position`),
  )
  // Rows may come back in any order.
  const ids = new Map(rows.map((row) => [`${row.document} ${row.position}`, row.id]))
  return chunks.map(({ documentId, position }) => {
    const id = ids.get(`${documentId} ${position}`)
    if (id === undefined) throw new Error(`Two chunks of one document have the position ${position}`)
    return id
  })
}

/** Where unchanged chunks of a changed document are now. */
export interface MovedChunk extends ChunkText {
  readonly id: ChunkId
}

/** Chunks whose text stayed keep their ids and vectors; only their position in the document is written. */
export async function moveChunks(
  db: Queryable,
  layout: Layout,
  chunks: readonly MovedChunk[],
): Promise<void> {
  if (chunks.length === 0) return
  const c = chunkColumns(layout)
  await db.query(sql`
    update ${c.table} c
    set ${c.position} = u.position, ${c.startOffset} = u.start_offset, ${c.endOffset} = u.end_offset,
      ${c.headingPath} = u.heading_path::text[], ${c.page} = u.page,
      ${c.tokenCount} = u.token_count,
      ${c.contentHash} = encode(${textHash(sql`c.${c.content}`)}, 'hex')
    from unnest(
      ${idArray(
        c.idType,
        chunks.map((chunk) => chunk.id),
      )},
      ${places(chunks)}
    ) as u (id, ${placeNames})
    where c.${c.id} = u.id`)
}

const placeNames = raw('position, content_hash, start_offset, end_offset, heading_path, page, token_count')

/**
 * The positions of chunks in their document, as arrays to unnest under `placeNames`. Heading paths differ in
 * length, which an array of arrays can't, so each is sent as the text of an array.
 */
function places(chunks: readonly ChunkText[]): Sql {
  return sql`
        ${chunks.map((chunk) => chunk.position)}::int[],
        ${chunks.map((chunk) => chunk.contentHash)}::text[],
        ${chunks.map((chunk) => chunk.startOffset)}::int[],
        ${chunks.map((chunk) => chunk.endOffset)}::int[],
        ${chunks.map((chunk) => arrayLiteral(chunk.headingPath))}::text[],
        ${chunks.map((chunk) => chunk.page)}::int[],
        ${chunks.map((chunk) => chunk.tokenCount)}::int[]`
}

/** PostgreSQL's notation of an array of texts. */
function arrayLiteral(texts: readonly string[]): string {
  return `{${texts.map((text) => `"${text.replace(/[\\"]/g, '\\$&')}"`).join(',')}}`
}

/** Of one document, in the order of their ids. */
export async function chunkIdsWithText(
  db: Queryable,
  layout: Layout,
  documentId: DocumentId,
): Promise<readonly ChunkId[]> {
  const c = chunkColumns(layout)
  const { idType } = layout.documents
  if (!isId(idType, documentId)) return []
  const { rows } = await db.query<{ id: string }>(sql`
    select c.${c.id}::text as id
    from ${c.table} c
    where c.${c.documentId} = ${idValue(idType, documentId)} and c.${c.content} <> ''
    order by c.${c.id}`)
  return rows.map((row) => row.id)
}

/** Of one document, in their order. */
export async function chunksOfDocument(
  db: Queryable,
  layout: Layout,
  documentId: DocumentId,
): Promise<readonly ChunkRow[]> {
  const c = chunkColumns(layout)
  const { idType } = layout.documents
  if (!isId(idType, documentId)) return []
  // Numbers as float8: an owner's column may be bigint, which `pg` reads as a string.
  const { rows } = await db.query<ChunkRow>(sql`
    select ${c.id}::text as id, ${c.position}::float8 as position, coalesce(${c.content}, '') as content,
      ${c.contentHash} as "contentHash", ${c.startOffset}::float8 as "startOffset",
      ${c.endOffset}::float8 as "endOffset", coalesce(${c.headingPath}, '{}') as "headingPath",
      ${c.page}::float8 as page, ${c.tokenCount}::float8 as "tokenCount"
    from ${c.table}
    where ${c.documentId} = ${idValue(idType, documentId)}
    order by ${c.position}, ${c.id}`)
  return rows
}

/** What tells whether a chunk's text is still the same. */
export interface ChunkHash {
  readonly id: ChunkId
  /** SHA-256 of its text as it is now, in hex, whatever hash is stored. */
  readonly hash: string
}

/** Rows of one answer: a long document has a hundred thousand, and reading them holds the process up. */
const hashesAtOnce = 2_000

/** Of one document, in their order. */
export async function chunkHashes(
  db: Queryable,
  layout: Layout,
  documentId: DocumentId,
): Promise<readonly ChunkHash[]> {
  const c = chunkColumns(layout)
  const { idType } = layout.documents
  if (!isId(idType, documentId)) return []
  const all: (ChunkHash & { readonly position: number | null })[] = []
  for (;;) {
    const last = all.at(-1)
    const after = last === undefined ? sql`true` : sql`c.${c.id} > ${idValue(c.idType, last.id)}`
    const { rows } = await db.query<(typeof all)[number]>(sql`
      select c.${c.id}::text as id, c.${c.position}::float8 as position,
        encode(sha256(convert_to(coalesce(c.${c.content}, ''), 'UTF8')), 'hex') as hash
      from ${c.table} c
      where c.${c.documentId} = ${idValue(idType, documentId)} and ${after}
      order by c.${c.id}
      limit ${hashesAtOnce}`)
    for (const row of rows) all.push(row)
    // Rows without a position are the last ones, as in `chunksOfDocument`.
    if (rows.length < hashesAtOnce) {
      return all.sort((a, b) => (a.position ?? Number.MAX_VALUE) - (b.position ?? Number.MAX_VALUE))
    }
  }
}

/** Deletes chunks with every model's vectors. Locked first, so that no vector is stored in between. */
export async function deleteChunks(tx: Queryable, layout: Layout, ids: readonly ChunkId[]): Promise<number> {
  if (ids.length === 0) return 0
  const c = chunkColumns(layout)
  const gone = possibleIdArray(c.idType, ids)
  await tx.query(sql`select from ${c.table} where ${c.id} = any(${gone}) order by ${c.id} for update`)
  await tx.query(sql`delete from chunk_embeddings where chunk_id = any(${gone})`)
  const { rowCount } = await tx.query(sql`delete from ${c.table} where ${c.id} = any(${gone})`)
  return rowCount
}

export async function countChunks(db: Queryable, layout: Layout): Promise<number> {
  const { rows } = await db.query<{ count: string }>(
    sql`select count(*) as count from ${chunkColumns(layout).table}`,
  )
  return Number(rows[0]?.count ?? 0)
}
