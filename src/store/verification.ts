import type { ChunkId } from '../core/document.ts'
import type { Queryable } from '../postgres/database.ts'
import { pgvector } from '../postgres/pgvector.ts'
import { raw, type Sql, sql } from '../postgres/sql.ts'
import type { Layout } from '../schema/layout.ts'
import { modelTable, vectorColumn } from '../schema/model-table.ts'
import type { MigrationScope } from '../wire/migration.ts'
import type { Model } from '../wire/model.ts'
import { chunkColumns } from './columns.ts'
import { explainingMissingColumn, type StoredSpace } from './missing-column.ts'
import { hashedOrder, hasText, inScope } from './scope.ts'
import { hasCurrentVector, pays } from './stale.ts'

/** What a model has of the chunks in a scope. Blank chunks are not counted. */
export interface ScopeCoverage {
  readonly chunks: number
  readonly vectors: number
  /** Without a vector, and known to be impossible to embed. */
  readonly quarantined: number
  readonly missing: number
  /** Of the missing ones: they have a vector, but of another text. */
  readonly stale: number
  /** A few of the missing ones. */
  readonly examples: readonly ChunkId[]
}

/** Counts rows, not records about them. */
export async function coverageInScope(
  db: Queryable,
  layout: Layout,
  model: StoredSpace,
  scope: MigrationScope,
): Promise<ScopeCoverage> {
  const c = chunkColumns(layout)
  const { rows } = await explainingMissingColumn(model, () =>
    db.query<Counted>(sql`
      select count(*) as chunks, count(*) filter (where has) as vectors,
        count(*) filter (where not has and quarantined) as quarantined,
        count(*) filter (where not has and not quarantined and stale) as stale,
        (array_agg(id) filter (where not has and not quarantined))[1:5] as examples
      from (
        select c.${c.id}::text as id, e.chunk_id is not null and p.chunk_id is null as has,
          p.chunk_id is not null as stale, q.chunk_id is not null as quarantined
        from ${c.table} c
        left join ${modelTable(model.id)} e
          on e.chunk_id = c.${c.id} and e.${vectorColumn(model.dimension)} is not null
        left join pending_chunks p
          on p.chunk_id = e.chunk_id and p.model_id = ${model.id} and not coalesce(${pays('p', 'e')}, false)
        left join quarantined_chunks q on q.chunk_id = c.${c.id} and q.model_id = ${model.id}
        where ${hasText(layout)} and ${inScope(layout, scope)}
      ) seen`),
  )
  const [row] = rows
  const [chunks, vectors, quarantined] = [row?.chunks, row?.vectors, row?.quarantined].map(Number)
  return {
    chunks: chunks ?? 0,
    vectors: vectors ?? 0,
    quarantined: quarantined ?? 0,
    missing: (chunks ?? 0) - (vectors ?? 0) - (quarantined ?? 0),
    stale: Number(row?.stale ?? 0),
    examples: row?.examples ?? [],
  }
}

interface Counted {
  readonly chunks: string
  readonly vectors: string
  readonly quarantined: string
  readonly stale: string
  readonly examples: readonly string[] | null
}

/** What is wrong with a model's vectors, each counted once, by its first error. */
export interface VectorFaults {
  readonly vectors: number
  readonly wrongWidth: number
  readonly notFinite: number
  readonly zero: number
  /** Not of length 1, if the model's are. */
  readonly wrongNorm: number
  readonly examples: readonly ChunkId[]
}

/**
 * Reads every vector: a sample would miss a single broken one. 50,000 vectors of 1,536 numbers took a second on
 * a busy machine; building their HNSW index took minutes.
 */
export async function findVectorFaults(
  db: Queryable,
  model: StoredSpace & Pick<Model, 'normalize'>,
  tolerance: number,
): Promise<VectorFaults> {
  const norm = model.normalize ? sql`abs(norm - 1) > ${tolerance}::float8` : sql`false`
  const { rows } = await explainingMissingColumn(model, () =>
    db.query<{ fault: number; count: string; examples: string[] }>(sql`
      select fault, count(*) as count, case when fault > 0 then (array_agg(chunk_id::text))[1:5] end as examples
      from (
        select chunk_id, case
            when width <> ${raw(String(model.dimension))} then 1
            when norm in ('NaN', 'Infinity') then 2
            when norm = 0 then 3
            when ${norm} then 4
            else 0
          end as fault
        from (
          select chunk_id, ${pgvector('vector_dims')}(v) as width, ${pgvector('vector_norm')}(v) as norm
          from (
            select chunk_id, ${vectorColumn(model.dimension)} as v from ${modelTable(model.id)}
          ) stored
          where v is not null
        ) measured
      ) judged
      group by fault`),
  )
  const of = (fault: number): number => Number(rows.find((row) => row.fault === fault)?.count ?? 0)
  return {
    vectors: rows.reduce((sum, row) => sum + Number(row.count), 0),
    wrongWidth: of(1),
    notFinite: of(2),
    zero: of(3),
    wrongNorm: of(4),
    examples: rows.flatMap((row) => row.examples ?? []).slice(0, 5),
  }
}

/** A chunk that has a vector, with its text. */
export interface EmbeddedChunk {
  readonly id: ChunkId
  readonly content: string
}

/**
 * Chunks drawn by hash from those in scope that have a vector in every one of the models.
 */
export async function sampleEmbedded(
  db: Queryable,
  layout: Layout,
  models: readonly StoredSpace[],
  { scope = {}, limit }: { readonly scope?: MigrationScope; readonly limit: number },
): Promise<readonly EmbeddedChunk[]> {
  const c = chunkColumns(layout)
  const all = models.map(
    (model) => sql` and exists (
        select from ${modelTable(model.id)} e
        where e.chunk_id = c.${c.id} and ${hasCurrentVector(model, 'e')}
      )`,
  )
  const has = all.reduce((sofar: Sql, one) => sql`${sofar}${one}`, raw(''))
  const { rows } = await db.query<{ id: string; content: string }>(sql`
    select c.${c.id}::text as id, c.${c.content} as content
    from ${c.table} c
    where ${hasText(layout)} and ${inScope(layout, scope)}${has}
    order by ${hashedOrder(layout)}
    limit ${limit}`)
  return rows
}
