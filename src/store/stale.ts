import type { ChunkId } from '../core/document.ts'
import type { Queryable } from '../postgres/database.ts'
import { raw, type Sql, sql } from '../postgres/sql.ts'
import type { Layout } from '../schema/layout.ts'
import { modelTable, vectorColumn } from '../schema/model-table.ts'
import { chunkColumns } from './columns.ts'
import { idArray } from './ids.ts'
import { explainingMissingColumn, type StoredSpace } from './missing-column.ts'

/*
 * A vector is stale when its chunk has another text by now. Triggers record that in the transaction that changes the text
 * (src/schema/capture): the row of `pending_chunks` holds the hash of the new text, which a vector must have been made of.
 * Until then the chunk counts as lacking, though searches find it under its old words.
 */

/** The hash of a text, as vectors and pending chunks remember it. */
export function textHash(content: Sql): Sql {
  return sql`sha256(convert_to(${content}::text, 'UTF8'))`
}

/** A condition on a row of pending chunks and one of a model's table: the vector is what is waited for. */
export function pays(pending: string, vector: string): Sql {
  const [p, v] = [raw(pending), raw(vector)]
  return sql`(${p}.text_hash is null or ${p}.text_hash = ${v}.embedded_text_hash)`
}

/** A condition on a row of a model's table by its alias: it holds a vector, and one that is not stale. */
export function hasCurrentVector(model: Pick<StoredSpace, 'id' | 'dimension'>, alias: string): Sql {
  const v = raw(alias)
  return sql`${v}.${vectorColumn(model.dimension)} is not null and not exists (
          select from pending_chunks changed
          where changed.model_id = ${raw(String(model.id))} and changed.chunk_id = ${v}.chunk_id
            and not coalesce(${pays('changed', alias)}, false)
        )`
}

/**
 * What a vector of the text that a chunk has replaces, in an upsert into a model's table `e`: none, and one of another
 * text. What another session has stored of the same text is kept.
 */
export function replacing(column: Sql): Sql {
  return sql`set ${column} = excluded.${column}, embedded_text_hash = excluded.embedded_text_hash, created_at = now()
        where e.${column} is null or e.embedded_text_hash is distinct from excluded.embedded_text_hash`
}

/** An expression: how many vectors are stale. Cost grows with the pending chunks. */
export function countStaleOf(model: Pick<StoredSpace, 'id' | 'dimension'>): Sql {
  return sql`(
      select count(*) from pending_chunks p
      join ${modelTable(model.id)} e on e.chunk_id = p.chunk_id and e.${vectorColumn(model.dimension)} is not null
      where p.model_id = ${raw(String(model.id))} and p.text_hash is not null
        and not coalesce(${pays('p', 'e')}, false)
    )`
}

/**
 * Vectors of another text than their chunk has, whether that is recorded or not: reads and hashes every text that has a
 * vector. One whose text is not remembered is judged by the hash that its chunk had when it was ingested.
 */
function staleVectors(layout: Layout, model: StoredSpace): Sql {
  const c = chunkColumns(layout)
  return sql`
      from ${modelTable(model.id)} e
      join ${c.table} c on c.${c.id} = e.chunk_id
      where e.${vectorColumn(model.dimension)} is not null and (
        ${textHash(sql`c.${c.content}`)} <> coalesce(
          e.embedded_text_hash,
          case when c.${c.contentHash} ~ '^[0-9a-f]{64}$' then decode(c.${c.contentHash}, 'hex') end
        )
        or not (${hasCurrentVector(model, 'e')})
      )`
}

export interface StaleVectors {
  readonly stale: number
  /** A few of their chunks. */
  readonly examples: readonly ChunkId[]
}

export async function findStale(db: Queryable, layout: Layout, model: StoredSpace): Promise<StaleVectors> {
  const { rows } = await explainingMissingColumn(model, () =>
    db.query<{ stale: number; examples: string[] | null }>(sql`
      select count(*)::int as stale, (array_agg(e.chunk_id::text))[1:5] as examples ${staleVectors(layout, model)}`),
  )
  return { stale: rows[0]?.stale ?? 0, examples: rows[0]?.examples ?? [] }
}

/**
 * Records stale vectors that no trigger has recorded: texts that were changed before there were triggers, while they were
 * disabled, or before the model was written. Their chunks are then filled as all that are pending.
 *
 * @returns how many are recorded now
 */
export async function recordStale(db: Queryable, layout: Layout, model: StoredSpace): Promise<number> {
  const { rowCount } = await explainingMissingColumn(model, () =>
    db.query(recording(layout, model, staleVectors(layout, model))),
  )
  return rowCount
}

/** For chunks whose record names another text than they have: it could never be paid. */
export async function correctRecorded(
  db: Queryable,
  layout: Layout,
  model: StoredSpace,
  chunkIds: readonly ChunkId[],
): Promise<void> {
  const c = chunkColumns(layout)
  await db.query(
    recording(
      layout,
      model,
      sql`
      from ${c.table} c
      join pending_chunks p on p.model_id = ${model.id} and p.chunk_id = c.${c.id}
      where c.${c.id} = any(${idArray(c.idType, chunkIds)}) and p.text_hash <> ${textHash(sql`c.${c.content}`)}`,
    ),
  )
}

/** A text that is being changed at this moment is left to the trigger of that change: so no newer record is overwritten. */
function recording(layout: Layout, model: StoredSpace, changed: Sql): Sql {
  const c = chunkColumns(layout)
  return sql`
      insert into pending_chunks as o (model_id, chunk_id, text_hash)
      select ${raw(String(model.id))}, c.${c.id}, ${textHash(sql`c.${c.content}`)} ${changed}
      for share of c skip locked
      on conflict (model_id, chunk_id) do update set text_hash = excluded.text_hash`
}
