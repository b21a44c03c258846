import type { Queryable } from '../../postgres/database.ts'
import { pgvector } from '../../postgres/pgvector.ts'
import { ident, join, raw, type Sql, sql } from '../../postgres/sql.ts'
import { isCopied } from '../attach/copied.ts'
import { condition } from '../attach/expressions.ts'
import { hasKeys, keys, keysOfVectors, matching } from '../attach/keys.ts'
import { literal } from '../catalog.ts'
import { vectorColumn } from '../index-kind.ts'
import { type Place, type TableName, tableOf } from '../layout.ts'
import { modelTable } from '../names.ts'

/** What the comment of an exported table says: whose vectors it holds, and after which chunk the next batch begins. */
export interface ExportMark {
  readonly model: string
  readonly after: string | null
  readonly complete: boolean
}

const signature = 'Exported by Revector: '

/** Null: it is no exported table, or there is none. */
export async function readMark(db: Queryable, table: TableName): Promise<ExportMark | null> {
  const { rows } = await db.query<{ comment: string | null }>(sql`
    select obj_description(to_regclass(${tableOf(table).text}::text), 'pg_class') as comment`)
  const comment = rows[0]?.comment ?? null
  if (comment?.startsWith(signature) !== true) return null
  return JSON.parse(comment.slice(signature.length))
}

export async function writeMark(tx: Queryable, table: TableName, mark: ExportMark): Promise<void> {
  const comment = literal(`${signature}${JSON.stringify(mark)}`)
  await tx.query(sql`comment on table ${tableOf(table)} is ${comment}`)
}

export interface ExportRequest {
  readonly modelId: number
  readonly from: Place
  readonly to: Place
  readonly after: string | null
  readonly rows: number
}

/** Writes the next rows with their vectors. @returns the last chunk's id; null: there was none left */
export async function exportRows(
  tx: Queryable,
  { modelId, from, to, after, rows }: ExportRequest,
): Promise<{ readonly last: string | null; readonly rows: number }> {
  const { table, column, key } = from.vectors
  const { rows: columns } = await tx.query<{ name: string; type: string }>(sql`
    select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
    where attrelid = ${literal(tableOf(table).text)}::regclass and attnum > 0 and not attisdropped and attgenerated = ''
    order by attnum`)
  const own = ident(table.name)
  const names = columns.map(({ name }) => ident(name))
  const values = columns.map(({ name, type }) =>
    name === column
      ? asStored(to, type, sql`e.${vectorColumn(to.vectors.dimension)}`)
      : sql`${own}.${ident(name)}`,
  )
  const idType = raw(from.idType)
  const rowsOfTable = hasKeys(from)
    ? sql`${tableOf(table)} join ${keys} on ${matching(from, keysOfVectors(from), table.name)} and revector_id = e.chunk_id`
    : sql`${tableOf(table)}`
  const isRow = hasKeys(from) ? sql`true` : sql`${own}.${ident(key)}::${idType} = e.chunk_id`
  const isTableOfTexts = table.schema === from.table.schema && table.name === from.table.name
  const isMeant = condition((isTableOfTexts ? from.where : from.vectors.where) ?? null)
  const following = after === null ? sql`true` : sql`chunk_id > ${after}::text::${idType}`
  const { rows: written } = await tx.query<{ last: string | null; rows: number }>(sql`
    with e as materialized (
      select chunk_id, ${vectorColumn(to.vectors.dimension)} from ${modelTable(modelId)}
      where ${following} order by chunk_id limit ${rows}
    ), written as (
      insert into ${tableOf(to.vectors.table)} (${join(names)}) overriding system value
      select w.* from e cross join lateral (
        select ${join(values)} from ${rowsOfTable} where ${isRow} and ${isMeant} limit 1
      ) w
      returning 1
    )
    select (select chunk_id::text from e order by e.chunk_id desc limit 1) as last,
      (select count(*)::int from written) as rows`)
  return written[0] ?? { last: null, rows: 0 }
}

/** A vector as the application's column has it. */
function asStored(to: Place, type: string, vector: Sql): Sql {
  if (!isCopied(to)) {
    return to.vectors.type === 'halfvec(N)'
      ? sql`${vector}::${pgvector(`halfvec(${to.vectors.dimension})`)}`
      : vector
  }
  const numbers = sql`${vector}::real[]`
  if (to.vectors.type === 'array') return sql`(${numbers})::${raw(type)}`
  if (to.vectors.type === 'json') return sql`to_jsonb(${numbers})::${raw(type)}`
  return sql`(${vector})::text::${raw(type)}`
}
