import type { ChunkId } from '../core/document.ts'
import type { Queryable } from '../postgres/database.ts'
import { raw, sql } from '../postgres/sql.ts'
import type { Layout } from '../schema/layout.ts'
import { modelTable, vectorColumn } from '../schema/model-table.ts'
import { chunkColumns } from './columns.ts'
import type { MissingChunk } from './coverage.ts'
import { idArray } from './ids.ts'
import { explainingMissingColumn, type StoredSpace } from './missing-column.ts'
import { hasCurrentVector, replacing, textHash } from './stale.ts'

/** A chunk that a model lacks. */
export interface LackingChunk extends MissingChunk {
  /** Other chunks have the same text: a vector of this one serves them too. */
  readonly hasCopies: boolean
  /** One of them has a vector: the chunk need not be embedded. */
  readonly hasTwin: boolean
  /** It is recorded as pending with another text than it has. */
  readonly misrecorded: boolean
}

/**
 * Of these chunks, those that still exist, still lack a vector, and are not known to be impossible to embed. Each is looked
 * up by itself: the statistics of a table that is being filled are old, and as a join PostgreSQL would read it completely
 * for every batch.
 */
export async function lackingAmong(
  db: Queryable,
  layout: Layout,
  model: StoredSpace,
  chunkIds: readonly ChunkId[],
  { retryQuarantined = false }: { readonly retryQuarantined?: boolean } = {},
): Promise<readonly LackingChunk[]> {
  const c = chunkColumns(layout)
  const table = modelTable(model.id)
  const { rows } = await explainingMissingColumn(model, () =>
    db.query<Lacking>(sql`
      select l.id, l.content, l.hash, l.has_copies, l.misrecorded,
        l.has_copies and coalesce((
          select true from ${c.table} t
          join ${table} v on v.chunk_id = t.${c.id} and ${hasCurrentVector(model, 'v')}
          where t.${c.contentHash} = l.hash and t.${c.content} = l.content
          limit 1
        ), false) as has_twin
      from (
        select c.${c.id}::text as id, c.${c.content}::text as content, c.${c.contentHash} as hash,
          coalesce((
            select true from ${c.table} t
            where t.${c.contentHash} = c.${c.contentHash} and t.${c.content} = c.${c.content} and t.${c.id} <> c.${c.id}
            limit 1
          ), false) as has_copies,
          coalesce((
            select p.text_hash <> ${textHash(sql`c.${c.content}`)} from pending_chunks p
            where p.model_id = ${model.id} and p.chunk_id = c.${c.id}
          ), false) as misrecorded
        from ${c.table} c
        where c.${c.id} = any(${idArray(c.idType, chunkIds)})
          and (
            select true from ${table} e where e.chunk_id = c.${c.id} and ${hasCurrentVector(model, 'e')} limit 1
          ) is null
          and (${retryQuarantined}::boolean or not exists (
            select from quarantined_chunks q where q.chunk_id = c.${c.id} and q.model_id = ${model.id}
          ))
        offset 0
      ) l`),
  )
  return rows.map(({ id, content, hash, has_copies, has_twin, misrecorded }) => ({
    id,
    content,
    contentHash: hash,
    hasCopies: has_copies,
    hasTwin: has_twin,
    misrecorded,
  }))
}

interface Lacking {
  readonly id: string
  readonly content: string
  readonly hash: string | null
  readonly has_copies: boolean
  readonly has_twin: boolean
  readonly misrecorded: boolean
}

/**
 * Copies the vector of each of these chunks to every chunk with the same text, so that no text is paid for
 * twice. No two of them may have the same text.
 *
 * @returns how many have a vector now that had none
 */
export async function copyVectorsToTwins(
  tx: Queryable,
  layout: Layout,
  model: StoredSpace,
  chunkIds: readonly ChunkId[],
): Promise<number> {
  if (chunkIds.length === 0) return 0
  const c = chunkColumns(layout)
  const table = modelTable(model.id)
  const column = vectorColumn(model.dimension)
  const { rowCount } = await explainingMissingColumn(model, () =>
    tx.query(sql`
      insert into ${table} as e (chunk_id, model_id, ${column}, embedded_text_hash)
      select t.${c.id}, ${raw(String(model.id))}, v.${column}, v.embedded_text_hash
      from ${c.table} c
      join ${table} v on v.chunk_id = c.${c.id} and ${hasCurrentVector(model, 'v')}
      join ${c.table} t on t.${c.contentHash} = c.${c.contentHash} and t.${c.content} = c.${c.content}
      where c.${c.id} = any(${idArray(c.idType, chunkIds)})
        and (
          select true from ${table} o where o.chunk_id = t.${c.id} and ${hasCurrentVector(model, 'o')} limit 1
        ) is null
      order by t.${c.id}
      for key share of t
      on conflict (chunk_id, model_id) do update ${replacing(column)}`),
  )
  return rowCount
}
