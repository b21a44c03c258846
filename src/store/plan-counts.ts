import type { ChunkId } from '../core/document.ts'
import type { Database, Queryable } from '../postgres/database.ts'
import { type Sql, sql } from '../postgres/sql.ts'
import type { Layout } from '../schema/layout.ts'
import { modelTable } from '../schema/model-table.ts'
import type { MigrationScope } from '../wire/migration.ts'
import { chunkColumns } from './columns.ts'
import { explainingMissingColumn, type StoredSpace } from './missing-column.ts'
import { hashedOrder, hasText, inScope } from './scope.ts'
import { hasCurrentVector } from './stale.ts'

/** What filling a model would take. */
export interface FillCounts {
  /** Chunks of the whole corpus that have text. */
  readonly corpus: number
  /** Those in scope. */
  readonly chunks: number
  /** In scope, without a vector. */
  readonly missing: number
  /** Texts to embed: the missing ones, without repetitions and without those the model has. */
  readonly texts: number
  /** Their length in characters. */
  readonly characters: number
}

/**
 * What identifies a text. Existing rows of an adopted table may lack a hash: two of those are only compared
 * with each other, as in a fill.
 */
function identity(layout: Layout): Sql {
  const c = chunkColumns(layout)
  return sql`coalesce(c.${c.contentHash}, encode(sha256(convert_to(c.${c.content}, 'UTF8')), 'hex'))`
}

/** The texts to embed, each once, as `texts (id, content)`; the first in hashed order stands for the others. */
function textsToEmbed(layout: Layout, model: StoredSpace, scope: MigrationScope): Sql {
  const c = chunkColumns(layout)
  return sql`
    missing as materialized (
      select c.${c.id} as id, ${identity(layout)} as hash
      from ${c.table} c
      where ${hasText(layout)} and ${inScope(layout, scope)} and not exists (
        select from ${modelTable(model.id)} e
        where e.chunk_id = c.${c.id} and ${hasCurrentVector(model, 'e')}
      )
    ),
    texts as (
      select distinct on (m.hash) m.id
      from missing m
      where not exists (
        select from ${c.table} t
        join ${modelTable(model.id)} e on e.chunk_id = t.${c.id}
        where t.${c.contentHash} = m.hash and ${hasCurrentVector(model, 'e')}
      )
      order by m.hash, m.id
    )`
}

/** Reads every chunk in scope once. */
export async function countFill(
  db: Queryable,
  layout: Layout,
  model: StoredSpace,
  scope: MigrationScope,
): Promise<FillCounts> {
  const c = chunkColumns(layout)
  const { rows } = await explainingMissingColumn(model, () =>
    db.query<Record<keyof FillCounts, string>>(sql`
      with ${textsToEmbed(layout, model, scope)}
      select
        (select count(*) from ${c.table} c where ${hasText(layout)}) as corpus,
        (select count(*) from ${c.table} c where ${hasText(layout)} and ${inScope(layout, scope)}) as chunks,
        (select count(*) from missing) as missing, count(*) as texts,
        coalesce(sum(length(c.${c.content})), 0) as characters
      from texts
      join ${c.table} c on c.${c.id} = texts.id`),
  )
  const [row] = rows
  return {
    corpus: Number(row?.corpus ?? 0),
    chunks: Number(row?.chunks ?? 0),
    missing: Number(row?.missing ?? 0),
    texts: Number(row?.texts ?? 0),
    characters: Number(row?.characters ?? 0),
  }
}

export interface TextToEmbed {
  readonly id: ChunkId
  readonly content: string
}

/** A fair sample of the texts to embed, in pages, so that the corpus need not fit in memory. */
export function sampleTexts(
  db: Pick<Database, 'stream'>,
  layout: Layout,
  model: StoredSpace,
  options: { readonly scope: MigrationScope; readonly limit: number; readonly signal?: AbortSignal },
): AsyncIterable<readonly TextToEmbed[]> {
  const c = chunkColumns(layout)
  const { signal } = options
  return db.stream<TextToEmbed>(
    sql`
      with ${textsToEmbed(layout, model, options.scope)}
      select c.${c.id}::text as id, c.${c.content} as content
      from texts
      join ${c.table} c on c.${c.id} = texts.id
      order by ${hashedOrder(layout)}
      limit ${options.limit}`,
    { batchSize: 500, ...(signal && { signal }) },
  )
}
