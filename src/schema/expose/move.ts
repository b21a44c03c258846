import { throwIfAborted } from '../../core/errors.ts'
import type { Queryable, Session } from '../../postgres/database.ts'
import { pgvector } from '../../postgres/pgvector.ts'
import { ident, raw, sql } from '../../postgres/sql.ts'
import { literal } from '../catalog.ts'
import { vectorColumn } from '../index-kind.ts'
import { tableOf } from '../layout.ts'
import { modelTable } from '../names.ts'
import { mirrorSetting } from './mirror.ts'
import { listed, type Pair } from './pair.ts'

/** Rows of one transaction: what a kill costs, and how long a lock on one row lasts. */
const batchRows = 1_000

/**
 * Copies the rows of the application's table, with the vectors of the other model, batch by batch. What the application or a
 * worker writes meanwhile is kept: by then triggers bring it. May be run again at any point.
 *
 * @param onRows called after each batch with the rows so far
 */
export async function moveRows(
  session: Pick<Session, 'transaction'>,
  pair: Pair,
  { signal, onRows }: { readonly signal?: AbortSignal; readonly onRows?: (rows: number) => void },
): Promise<void> {
  let rows = 0
  for (let after: string | null = null; ; ) {
    throwIfAborted(signal)
    const from: string | null = after
    const page: MovedPage = await session.transaction((tx) => movePage(tx, pair, from), {
      idempotent: true,
      unhurried: true,
    })
    if (page.last === null) return
    after = page.last
    rows += page.rows
    onRows?.(rows)
  }
}

interface MovedPage {
  readonly last: string | null
  readonly rows: number
}

async function movePage(tx: Queryable, pair: Pair, after: string | null): Promise<MovedPage> {
  await tx.query(sql`select set_config(${mirrorSetting}, 'on', true)`)
  const { alias, where, vector, columns, nullable, idType } = pair
  const key = sql`${ident(pair.key)}::${raw(idType)}`
  const following = after === null ? sql`true` : sql`${key} > ${after}::text::${raw(idType)}`
  const { rows: ends } = await tx.query<{ last: string | null; rows: number }>(sql`
    select (array_agg(id order by id desc))[1]::text as last, count(*)::int as rows from (
      select ${key} as id from ${tableOf(pair.old.table)} as ${alias} where ${where} and ${following} order by 1 limit ${batchRows}
    ) page`)
  const [{ last, rows } = { last: null, rows: 0 }] = ends
  if (last === null) return { last, rows: 0 }
  const page = sql`(
      select * from ${tableOf(pair.old.table)} as ${alias}
      where ${where} and ${following} and ${key} <= ${last}::text::${raw(idType)})`
  const v = ident(vector)
  const halved = pair.new.halved ? sql`::${pgvector(`halfvec(${pair.new.dimension})`)}` : sql``
  // Locked, so that a row that is deleted meanwhile is not brought back, and no newer vector is replaced by an older one.
  await tx.query(sql`
    insert into ${tableOf(pair.new.table)} as t (${listed([...columns, vector])}) overriding system value
    select ${listed(columns, 's')}, e.${vectorColumn(pair.new.dimension)}${halved}
    from ${page} s join ${modelTable(pair.new.modelId)} e on e.chunk_id = s.${key}
    for key share of s for share of e
    on conflict (${ident(pair.key)}) do update set ${v} = excluded.${v}`)
  if (nullable) {
    await tx.query(sql`
      insert into ${tableOf(pair.new.table)} (${listed(columns)}) overriding system value
      select ${listed(columns, 's')} from ${page} s
      where not exists (select from ${tableOf(pair.new.table)} t where t.${ident(pair.key)} = s.${ident(pair.key)})
      for key share of s
      on conflict (${ident(pair.key)}) do nothing`)
  }
  return { last, rows }
}

export async function countExposed(
  db: Queryable,
  { table, vectors }: { table: Parameters<typeof tableOf>[0]; vectors: { column: string } },
): Promise<{ readonly rows: number; readonly vectors: number }> {
  const { rows } = await db.query<{ rows: number; vectors: number }>(sql`
    select count(*)::float8 as rows, count(${ident(vectors.column)})::float8 as vectors from ${tableOf(table)}`)
  return rows[0] ?? { rows: 0, vectors: 0 }
}

/** Triggers of the application on its table, which a table like it does not get. */
export async function triggersOf(
  db: Queryable,
  table: Parameters<typeof tableOf>[0],
): Promise<readonly string[]> {
  const { rows } = await db.query<{ name: string }>(sql`
    select tgname::text as name from pg_trigger
    where tgrelid = ${literal(tableOf(table).text)}::regclass and not tgisinternal and tgname !~ '^revector_' order by 1`)
  return rows.map(({ name }) => name)
}
