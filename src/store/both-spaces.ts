import type { ChunkId } from '../core/document.ts'
import type { Queryable } from '../postgres/database.ts'
import { pgvector } from '../postgres/pgvector.ts'
import { join, parameter, type Sql, sql } from '../postgres/sql.ts'
import { encodeVector } from '../postgres/vector.ts'
import { indexKind } from '../schema/index-kind.ts'
import type { Layout } from '../schema/layout.ts'
import { modelTable, vectorColumn } from '../schema/model-table.ts'
import { openStates } from '../wire/migration.ts'
import { idArray } from './ids.ts'
import { explainingMissingColumn, type StoredSpace } from './missing-column.ts'

/** The migration whose source and target a search covers. */
export interface OpenMove {
  readonly migrationId: string
  readonly sourceModelId: number
  readonly targetModelId: number
  readonly targetModel: string
  readonly calibration: readonly ChunkId[]
}

/** The newest open migration away from the current model; null when there is none. */
export async function openMoveFromCurrent(db: Queryable): Promise<OpenMove | null> {
  const states = join(openStates.map((state) => sql`${state}`))
  const { rows } = await db.query<{
    id: string
    source: number
    target: number
    name: string
    calibration: readonly string[]
  }>(sql`
    select m.id::text as id, s.id as source, t.id as target, t.model_name as name, m.calibration
    from model_migrations m
    join embedding_models s on s.id = m.source_model_id
    join embedding_models t on t.id = m.target_model_id
    where m.state in (${states}) and s.state = 'current'
    order by m.id desc
    limit 1`)
  const [row] = rows
  if (row === undefined) return null
  const { id, source, target, name, calibration } = row
  return { migrationId: id, sourceModelId: source, targetModelId: target, targetModel: name, calibration }
}

/** A space, and the query's vector in it. */
export interface QueryIn {
  readonly model: StoredSpace
  readonly vector: Float32Array
}

export interface DistancePair {
  readonly source: number
  readonly target: number
}

/**
 * Distances of chunks to a query in two spaces; chunks that lack one of the vectors are left out.
 *
 * @throws RevectorError VECTOR_COLUMN_MISSING for the target
 */
export async function distancesInBoth(
  db: Queryable,
  layout: Layout,
  { source, target, chunkIds }: QueryInBoth,
): Promise<ReadonlyMap<ChunkId, DistancePair>> {
  const { rows } = await explainingMissingColumn(target.model, () =>
    db.query<{ id: string | number; source: number; target: number }>(
      sql`
      select s.chunk_id as id, ${distance(source, sql`s`)} as source, ${distance(target, sql`t`)} as target
      from ${modelTable(source.model.id)} s
      join ${modelTable(target.model.id)} t on t.chunk_id = s.chunk_id
      where s.chunk_id = any(${idArray(layout.chunks.idType, chunkIds)})
        and s.${vectorColumn(source.model.dimension)} is not null
        and t.${vectorColumn(target.model.dimension)} is not null`,
      { readOnly: true },
    ),
  )
  return new Map(rows.map((row) => [String(row.id), { source: row.source, target: row.target }]))
}

export interface QueryInBoth {
  readonly source: QueryIn
  readonly target: QueryIn
  readonly chunkIds: readonly ChunkId[]
}

function distance({ model, vector }: QueryIn, alias: Sql): Sql {
  const column = sql`${alias}.${vectorColumn(model.dimension)}`
  return indexKind(model).exact(column, sql`${parameter(encodeVector(vector))}::${pgvector('vector')}`)
}
