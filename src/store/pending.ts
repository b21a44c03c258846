import type { ChunkId } from '../core/document.ts'
import type { Queryable } from '../postgres/database.ts'
import { type Sql, sql } from '../postgres/sql.ts'
import type { Layout } from '../schema/layout.ts'
import { modelTable, vectorColumn } from '../schema/model-table.ts'
import { chunkColumns } from './columns.ts'
import { idArray } from './ids.ts'
import { explainingMissingColumn, type StoredSpace } from './missing-column.ts'
import { hasText } from './scope.ts'
import { hasCurrentVector, pays } from './stale.ts'

/**
 * Call in the transaction that writes chunks: records those for which a written model gets no vector. A
 * cut-over checks these rows and need not read the corpus.
 */
export async function recordPending(
  tx: Queryable,
  layout: Layout,
  model: StoredSpace,
  chunkIds: readonly ChunkId[],
): Promise<void> {
  if (chunkIds.length === 0) return
  const c = chunkColumns(layout)
  await explainingMissingColumn(model, () =>
    tx.query(sql`
      insert into pending_chunks (model_id, chunk_id)
      select ${model.id}, c.${c.id}
      from ${c.table} c
      where c.${c.id} = any(${idArray(c.idType, chunkIds)}) and not ${hasVector(model, sql`c.${c.id}`)}
      order by c.${c.id}
      for key share of c
      on conflict do nothing`),
  )
}

/** What is recorded, by model: what a worker looks through. Some of it may have been embedded since. */
export async function countRecorded(
  db: Queryable,
): Promise<
  readonly { readonly modelName: string; readonly pending: number; readonly quarantined: number }[]
> {
  const { rows } = await db.query<{ modelName: string; pending: number; quarantined: number }>(sql`
    select m.model_name as "modelName",
      (select count(*) from pending_chunks o where o.model_id = m.id)::int as pending,
      (select count(*) from quarantined_chunks q where q.model_id = m.id)::int as quarantined
    from embedding_models m
    where m.state <> 'retired'
    order by m.id`)
  return rows
}

/**
 * Chunks that are really pending for a model: not embedded since, not impossible to embed. Cost grows with the
 * records, not with the corpus.
 */
export async function countPending(db: Queryable, layout: Layout, model: StoredSpace): Promise<number> {
  const { rows } = await explainingMissingColumn(model, () =>
    db.query<{ count: string }>(sql`select count(*) as count from (${pending(layout, model)}) o`),
  )
  return Number(rows[0]?.count ?? 0)
}

/** Up to `limit` of them, oldest first. */
export async function pendingChunks(
  db: Queryable,
  layout: Layout,
  model: StoredSpace,
  limit: number,
): Promise<readonly ChunkId[]> {
  const { rows } = await explainingMissingColumn(model, () =>
    db.query<{ id: string }>(sql`
      select id::text as id from (${pending(layout, model)}) o order by since, id limit ${limit}`),
  )
  return rows.map((row) => row.id)
}

/** Deletes the records of chunks that have been embedded, and whose text is still the one that was. */
export async function clearEmbedded(db: Queryable, model: StoredSpace): Promise<void> {
  await explainingMissingColumn(model, () =>
    db.query(sql`
      with paid as (
        delete from pending_chunks o
        where o.model_id = ${model.id} and ${hasVector(model, sql`o.chunk_id`, pays('o', 'e'))}
      )
      delete from quarantined_chunks q
      where q.model_id = ${model.id} and ${hasVector(model, sql`q.chunk_id`)}`),
  )
}

/** For a model that is no longer written. */
export async function forgetPending(tx: Queryable, modelId: number): Promise<void> {
  await tx.query(sql`delete from pending_chunks where model_id = ${modelId}`)
}

/** For a model whose vectors are dropped. */
export async function forgetQuarantined(tx: Queryable, modelId: number): Promise<void> {
  await tx.query(sql`delete from quarantined_chunks where model_id = ${modelId}`)
}

function pending(layout: Layout, model: StoredSpace): Sql {
  const c = chunkColumns(layout)
  return sql`
      select o.chunk_id as id, o.since
      from pending_chunks o
      cross join lateral (
        select c.${c.id}, c.${c.content} from ${c.table} c where c.${c.id} = o.chunk_id limit 1
      ) c
      where o.model_id = ${model.id} and ${hasText(layout)}
        and not ${hasVector(model, sql`o.chunk_id`, pays('o', 'e'))}
        and not exists (
          select from quarantined_chunks q where q.model_id = ${model.id} and q.chunk_id = o.chunk_id
        )`
}

/**
 * A limit keeps the planner from turning this into a join, for which it might read the whole table: its
 * statistics do not know how few chunks are pending.
 */
function hasVector(model: StoredSpace, chunkId: Sql, paid?: Sql): Sql {
  return sql`coalesce((
        select true from ${modelTable(model.id)} e
        where e.chunk_id = ${chunkId}
          and ${paid === undefined ? hasCurrentVector(model, 'e') : sql`e.${vectorColumn(model.dimension)} is not null and ${paid}`}
        limit 1
      ), false)`
}
