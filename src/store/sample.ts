import type { Queryable } from '../postgres/database.ts'
import { pgvector } from '../postgres/pgvector.ts'
import { sql } from '../postgres/sql.ts'
import { decodeVector } from '../postgres/vector.ts'
import type { Layout } from '../schema/layout.ts'
import { modelTable, vectorColumn } from '../schema/model-table.ts'
import type { Of } from '../wire/codec.ts'
import type { sampledChunk } from '../wire/model.ts'
import { chunkColumns, documentColumns } from './columns.ts'
import { explainingMissingColumn, type StoredSpace } from './missing-column.ts'
import { hashedOrder } from './scope.ts'

export type SampledChunk = Of<typeof sampledChunk> & { readonly vector: Float32Array }

/**
 * Chunks with their vectors in a model, drawn by a hash of their ids: the same ones in every call and every
 * model.
 */
export async function sampleVectors(
  db: Queryable,
  layout: Layout,
  model: StoredSpace,
  limit: number,
): Promise<readonly SampledChunk[]> {
  const c = chunkColumns(layout)
  const d = documentColumns(layout)
  const column = vectorColumn(model.dimension)
  const { rows } = await explainingMissingColumn(model, () =>
    db.query<Of<typeof sampledChunk> & { readonly vector: Buffer }>(sql`
      with drawn as materialized (
        select c.${c.id} as id, c.${c.documentId} as document_id, c.${c.position}::float8 as position,
          row_number() over (order by ${hashedOrder(layout)}) as place
        from ${c.table} c
        join ${modelTable(model.id)} e on e.chunk_id = c.${c.id} and e.${column} is not null
        order by place
        limit ${limit}
      )
      select s.id::text as "chunkId", s.document_id::text as "documentId", coalesce(d.${d.title}::text, '') as title, s.position,
        ${pgvector('vector_send')}(e.${column}) as vector
      from drawn s
      join ${modelTable(model.id)} e on e.chunk_id = s.id
      left join ${d.table} d on d.${d.id} = s.document_id
      order by s.place`),
  )
  return rows.map(({ vector, ...chunk }) => ({ ...chunk, vector: decodeVector(vector) }))
}
