import { counted } from '../../core/counted.ts'
import type { Queryable } from '../../postgres/database.ts'
import { ident, type Sql, sql } from '../../postgres/sql.ts'
import { type TableName, tableOf } from '../layout.ts'
import type { Discovered } from './discover.ts'
import { integerTypes } from './mapping.ts'
import { refused } from './refusal.ts'
import { columnOf, isUnique, spoken } from './table-facts.ts'

/** A refusal names up to this many rows. */
const shown = 5

/**
 * Checks what the catalog can't guarantee, before anything changes.
 *
 * @throws RevectorError UPGRADE_REFUSED that names the rows in question
 */
export async function checkRows(db: Queryable, found: Discovered): Promise<void> {
  const { embeddings, chunks, chunkId, documents } = found
  const table = embeddings.name
  const name = spoken(table)
  if (columnOf(embeddings, 'chunk_id')?.notNull !== true) {
    const nulls = await count(db, sql`select from ${tableOf(table)} where chunk_id is null`)
    if (nulls > 0) {
      throw refused(
        `${name} has ${counted(nulls, 'row')} without a chunk_id.`,
        `Remove them (delete from ${name} where chunk_id is null), or give them the chunk_id they belong to.`,
        { table: name, rows: nulls },
      )
    }
  }
  if (!isUnique(embeddings, 'chunk_id')) await checkUnique(db, table, 'chunk_id')
  if (!found.chunkKey) {
    const orphans = sql`
      select distinct e.chunk_id::text as id from ${tableOf(table)} e
      where not exists (select from ${tableOf(chunks.name)} c where c.${ident(chunkId)} = e.chunk_id)`
    await refuseRows(db, orphans, (rows, ids) =>
      refused(
        `${name} has vectors of ${counted(rows, 'chunk that is', 'chunks that are')} not in ${spoken(chunks.name)}: chunk_id ${ids.join(', ')}${more(rows)}.`,
        `Remove them, or specify the right table: --chunks-table TABLE.`,
        { table: name, chunk_ids: ids, chunks: rows },
      ),
    )
  }
  if (!isUnique(chunks, chunkId)) await checkUnique(db, chunks.name, chunkId)
  if (documents === null) return
  if (!isUnique(documents.table, documents.id)) await checkUnique(db, documents.table.name, documents.id)
  if (documents.linkKey && columnOf(chunks, documents.link)?.notNull === true) return
  const homeless = sql`
    select c.${ident(chunkId)}::text as id from ${tableOf(chunks.name)} c
    where not exists (select from ${tableOf(documents.table.name)} d
                      where d.${ident(documents.id)} = c.${ident(documents.link)})`
  await refuseRows(db, homeless, (rows, ids) =>
    refused(
      `${spoken(chunks.name)} has ${counted(rows, 'chunk')} without a document in ${spoken(documents.table.name)}: ${chunkId} ${ids.join(', ')}${more(rows)}.`,
      `Give them a document, remove them, or specify the right table: --documents-table TABLE.`,
      { table: spoken(chunks.name), ids, rows },
    ),
  )
}

/** Several rows for one chunk: checked again if a unique index could not be built. */
export async function checkUnique(db: Queryable, table: TableName, column: string): Promise<void> {
  const name = spoken(table)
  const several = sql`
    select ${ident(column)}::text as id from ${tableOf(table)}
    where ${ident(column)} is not null group by ${ident(column)} having count(*) > 1`
  await refuseRows(db, several, (rows, ids) =>
    refused(
      `${name} has several rows for one ${column}, ${counted(rows, 'time')}: ${ids.join(', ')}${more(rows)}.`,
      column === 'chunk_id'
        ? 'A model has one vector per chunk. Keep the right row of each and delete the others.'
        : `Every ${column} must be unique.`,
      {
        table: name,
        column,
        [column === 'chunk_id' ? 'chunk_ids' : 'ids']: ids,
        [column === 'chunk_id' ? 'chunks' : 'count']: rows,
      },
    ),
  )
}

/**
 * The value of an existing `model_id` of the owner: a whole number that is the same in all rows can be the
 * model's id.
 * Null: the table has no such column.
 */
export async function constantModelId(
  db: Queryable,
  { embeddings, chunks }: Discovered,
): Promise<number | null> {
  const column = columnOf(embeddings, 'model_id')
  if (column === undefined) return null
  const name = spoken(embeddings.name)
  const rename = `Rename it: alter table ${name} rename column model_id to other_model_id.`
  if (
    !integerTypes.includes(column.baseType) ||
    column.domain ||
    column.generated ||
    column.identity !== ''
  ) {
    throw refused(`${name}.model_id is of type ${column.type}: expected a plain integer.`, rename, {
      table: name,
      column: 'model_id',
      type: column.type,
    })
  }
  if (embeddings.foreignKeys.some((key) => key.columns.includes('model_id'))) {
    throw refused(`${name}.model_id refers to a table of yours.`, rename, { table: name, column: 'model_id' })
  }
  const { rows } = await db.query<{ value: string | null; rows: string }>(sql`
    select model_id::text as value, count(*)::text as rows
    from ${tableOf(embeddings.name)} group by model_id order by count(*) desc limit ${shown + 1}`)
  if (rows.length === 0) return 1
  const value = Number(rows[0]?.value ?? Number.NaN)
  if (rows.length === 1 && Number.isInteger(value) && value > 0 && value < 2 ** 31) return value
  throw refused(
    `${name}.model_id is not the same positive number in all rows: ${rows.map((row) => `${row.value ?? 'null'} (${counted(Number(row.rows), 'row')})`).join(', ')}.`,
    `Only one model's vectors can be adopted from a table; keep one model's rows. If the column means something else: ${rename}`,
    { table: name, column: 'model_id', values: rows, chunks: spoken(chunks.name) },
  )
}

async function refuseRows(
  db: Queryable,
  rows: Sql,
  refusal: (rows: number, ids: string[]) => Error,
): Promise<void> {
  const { rows: found } = await db.query<{ id: string; rows: string }>(sql`
    select f.id, count(*) over ()::text as rows from (${rows}) f order by length(f.id), f.id limit ${shown}`)
  const [first] = found
  if (first !== undefined)
    throw refusal(
      Number(first.rows),
      found.map((row) => row.id),
    )
}

async function count(db: Queryable, rows: Sql): Promise<number> {
  const { rows: counted } = await db.query<{ n: string }>(sql`select count(*)::text as n from (${rows}) f`)
  return Number(counted[0]?.n ?? 0)
}

function more(rows: number): string {
  return rows > shown ? ', …' : ''
}
