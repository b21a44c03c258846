import type { Queryable } from '../../postgres/database.ts'
import { ident, join, raw, type Sql, sql } from '../../postgres/sql.ts'
import { condition } from '../attach/expressions.ts'
import { eachOf } from '../capture/tables.ts'
import { literal } from '../catalog.ts'
import { type IdType, type Place, type TableName, tableOf } from '../layout.ts'

/** One of two tables that are kept in step, with the model whose vectors it holds. */
export interface Side {
  readonly modelId: number
  readonly table: TableName
  /** Transition tables; or one row at a time, where PostgreSQL allows no others. */
  readonly each: 'statement' | 'row'
  readonly dimension: number
  readonly halved: boolean
}

/** An application's table and the one that was made like it. They have the same columns. */
export interface Pair {
  /** Of Revector. */
  readonly schema: string
  /** Of the application's table: where its own triggers find what they name. */
  readonly home: string
  readonly old: Side
  readonly new: Side
  readonly key: string
  readonly idType: IdType
  readonly vector: string
  /** Whether a row may be there before its vector is. */
  readonly nullable: boolean
  /** All that are stored and not the vector, the key among them. */
  readonly columns: readonly string[]
  /** Those that an update may set. */
  readonly settable: readonly string[]
  readonly text: Sql
  readonly where: Sql
  /** What the expressions call the table. */
  readonly alias: Sql
}

export async function pairOf(
  db: Queryable,
  schema: string,
  from: { readonly modelId: number; readonly place: Place },
  to: { readonly modelId: number; readonly place: Place },
): Promise<Pair> {
  const { table } = from.place
  const { rows } = await db.query<{
    name: string
    generated: boolean
    always: boolean
    nullable: boolean
  }>(sql`
    select attname as name, attgenerated <> '' as generated, attidentity = 'a' as always, not attnotnull as nullable
    from pg_attribute
    where attrelid = ${literal(tableOf(table).text)}::regclass and attnum > 0 and not attisdropped order by attnum`)
  const { column: vector } = from.place.vectors
  const stored = rows.filter(({ name, generated }) => !generated && name !== vector)
  const side = async ({ modelId, place }: typeof from): Promise<Side> => ({
    modelId,
    table: place.table,
    each: await eachOf(db, place.table),
    dimension: place.vectors.dimension,
    halved: place.vectors.type === 'halfvec(N)',
  })
  return {
    schema,
    home: table.schema,
    old: await side(from),
    new: await side(to),
    key: from.place.id,
    idType: from.place.idType,
    vector,
    nullable: rows.find(({ name }) => name === vector)?.nullable === true,
    columns: stored.map(({ name }) => name),
    settable: stored.filter(({ name, always }) => !always && name !== from.place.id).map(({ name }) => name),
    text: raw(from.place.text),
    where: condition(from.place.where),
    alias: ident(table.name),
  }
}

/** Whether no row may be without its vector. */
export async function isRequired(db: Queryable, { vectors }: Place): Promise<boolean> {
  const { rows } = await db.query<{ required: boolean }>(sql`
    select attnotnull as required from pg_attribute
    where attrelid = ${literal(tableOf(vectors.table).text)}::regclass and attname = ${vectors.column}`)
  return rows[0]?.required === true
}

/** Columns in a list, with an alias in front. */
export function listed(columns: readonly string[], alias?: string): Sql {
  const before = alias === undefined ? sql`` : sql`${raw(alias)}.`
  return join(columns.map((column) => sql`${before}${ident(column)}`))
}

/** `set` of everything that an update may set, from an alias; null: there is nothing. */
export function assigned({ settable }: Pair, alias: string): Sql | null {
  if (settable.length === 0) return null
  return join(settable.map((column) => sql`${ident(column)} = ${raw(alias)}.${ident(column)}`))
}

/** The key of a row by its alias, as the type of the ids of chunks. */
export function keyOf({ key, idType }: Pair, alias: string): Sql {
  return sql`${raw(alias)}.${ident(key)}::${raw(idType)}`
}
