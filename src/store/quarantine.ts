import type { ChunkId } from '../core/document.ts'
import type { Queryable } from '../postgres/database.ts'
import { raw, sql } from '../postgres/sql.ts'
import type { Layout } from '../schema/layout.ts'
import type { MigrationScope, QuarantinedChunk } from '../wire/migration.ts'
import { chunkColumns } from './columns.ts'
import { idArray, idValue } from './ids.ts'
import { inScope } from './scope.ts'
import { textHash } from './stale.ts'

/** A chunk that a model can't embed, and what it said. */
export type Refused = Pick<QuarantinedChunk, 'chunkId' | 'code' | 'reason'> & {
  /** SHA-256 of the text that it refused, in hex. */
  readonly textHash?: string
}

/**
 * Quarantines chunks, with every chunk of the same text. Chunks deleted or given another text meanwhile are skipped.
 *
 * @returns those that are in quarantine now
 */
export async function quarantineChunks(
  tx: Queryable,
  layout: Layout,
  modelId: number,
  refused: readonly Refused[],
): Promise<readonly ChunkId[]> {
  if (refused.length === 0) return []
  const c = chunkColumns(layout)
  const ids = idArray(
    c.idType,
    refused.map((one) => one.chunkId),
  )
  const { rows } = await tx.query<{ id: string }>(sql`
    insert into quarantined_chunks as q (model_id, chunk_id, code, reason)
    select ${modelId}, t.${c.id}, u.code, u.reason
    from unnest(${ids}, ${refused.map((one) => one.code)}::text[], ${refused.map((one) => one.reason)}::text[],
      ${refused.map((one) => one.textHash ?? null)}::text[]) as u (id, code, reason, text_hash)
    cross join lateral (
      select u.id
      union
      select t.${c.id}
      from ${c.table} c
      join ${c.table} t on t.${c.contentHash} = c.${c.contentHash} and t.${c.content} = c.${c.content}
      where c.${c.id} = u.id
    ) same (id)
    join ${c.table} t on t.${c.id} = same.id
    where u.text_hash is null or ${textHash(sql`t.${c.content}`)} = decode(u.text_hash, 'hex')
    order by t.${c.id}
    for key share of t
    on conflict (model_id, chunk_id) do update
      set code = excluded.code, reason = excluded.reason, attempts = q.attempts + 1
    returning chunk_id::text as id`)
  return rows.map((row) => row.id)
}

/** Removes the chunks of a scope from quarantine. @returns which */
export async function releaseQuarantined(
  tx: Queryable,
  layout: Layout,
  modelId: number,
  scope: MigrationScope,
): Promise<readonly ChunkId[]> {
  const c = chunkColumns(layout)
  const { rows } = await tx.query<{ id: string }>(sql`
    delete from quarantined_chunks q
    using ${c.table} c
    where q.model_id = ${modelId} and c.${c.id} = q.chunk_id and ${inScope(layout, scope)}
    returning q.chunk_id::text as id`)
  return rows.map((row) => row.id)
}

/** Those of a model, in the order of their chunks' ids: the last one of a page is the `after` of the next. */
export async function quarantinedChunks(
  db: Queryable,
  layout: Layout,
  modelId: number,
  page: { readonly limit: number; readonly after?: ChunkId },
): Promise<readonly QuarantinedChunk[]> {
  const { idType } = layout.chunks
  const begin = page.after === undefined ? raw('true') : sql`chunk_id > ${idValue(idType, page.after)}`
  const { rows } = await db.query<QuarantinedChunk>(sql`
    select chunk_id::text as "chunkId", code, reason, attempts, created_at as "createdAt"
    from quarantined_chunks
    where model_id = ${modelId} and ${begin}
    order by chunk_id
    limit ${page.limit}`)
  return rows
}

export async function countQuarantined(
  db: Queryable,
  layout: Layout,
  modelId: number,
  scope: MigrationScope,
): Promise<number> {
  const c = chunkColumns(layout)
  const { rows } = await db.query<{ count: number }>(sql`
    select count(*)::int as count
    from quarantined_chunks q join ${c.table} c on c.${c.id} = q.chunk_id
    where q.model_id = ${modelId} and ${inScope(layout, scope)}`)
  return rows[0]?.count ?? 0
}
