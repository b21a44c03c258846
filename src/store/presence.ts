import type { ChunkId, DocumentId } from '../core/document.ts'
import type { Queryable } from '../postgres/database.ts'
import { sql } from '../postgres/sql.ts'
import type { Layout } from '../schema/layout.ts'
import { modelTable } from '../schema/model-table.ts'
import { chunkColumns } from './columns.ts'
import { idArray } from './ids.ts'
import { explainingMissingColumn, type StoredSpace } from './missing-column.ts'
import { hasCurrentVector } from './stale.ts'

/** Which of these chunks have a vector of their text in the model. */
export async function chunksWithVector(
  db: Queryable,
  layout: Layout,
  model: StoredSpace,
  chunkIds: readonly ChunkId[],
): Promise<ReadonlySet<ChunkId>> {
  if (chunkIds.length === 0) return new Set()
  const { rows } = await explainingMissingColumn(model, () =>
    db.query<{ id: string }>(sql`
      select chunk_id::text as id
      from ${modelTable(model.id)} e
      where chunk_id = any(${idArray(layout.chunks.idType, chunkIds)})
        and ${hasCurrentVector(model, 'e')}`),
  )
  return new Set(rows.map((row) => row.id))
}

/** Which of these documents have a chunk with text that the model lacks. */
export async function documentsLackingVectors(
  db: Queryable,
  layout: Layout,
  model: StoredSpace,
  documentIds: readonly DocumentId[],
): Promise<ReadonlySet<DocumentId>> {
  if (documentIds.length === 0) return new Set()
  const c = chunkColumns(layout)
  const { rows } = await explainingMissingColumn(model, () =>
    db.query<{ id: string }>(sql`
      select distinct c.${c.documentId}::text as id
      from ${c.table} c
      where c.${c.documentId} = any(${idArray(layout.documents.idType, documentIds)})
        and c.${c.content} <> ''
        and not exists (
          select from ${modelTable(model.id)} e
          where e.chunk_id = c.${c.id} and ${hasCurrentVector(model, 'e')}
        )`),
  )
  return new Set(rows.map((row) => row.id))
}
