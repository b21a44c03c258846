import type { Queryable, Session } from '../../postgres/database.ts'
import { raw, type Sql, sql } from '../../postgres/sql.ts'
import { familyOf } from '../capture/tables.ts'
import { loadLayout, type Place, saveLayout, type TableName, tableOf } from '../layout.ts'
import { modelTable } from '../names.ts'
import { copiedModel, copiedRows, isCopied, storeCopied } from './copied.ts'
import { recordLacking } from './maintain.ts'
import { fillKeys } from './side-table.ts'

/** Pages of an application's table that one transaction reads: an application may wait for a key that it has just stored. */
const pagesOfKeys = 500
const pagesOfVectors = 50

/** Whether something is left to copy. */
export function isUnfinished({ unfinished }: Place): boolean {
  return unfinished === true
}

/**
 * Copies into side tables what was there before the triggers, without holding up the application. Safe to repeat: what was
 * copied stays.
 *
 * @returns whether anything was left to do
 */
export async function finishAttached(session: Session, schema: string): Promise<boolean> {
  const { place } = await loadLayout(session)
  if (place === undefined || !isUnfinished(place)) return false
  await inBlocks(session, place.table, pagesOfKeys, (tx, block) => fillKeys(tx, place, block))
  const copy = (tx: Queryable, from: Sql): Promise<unknown> =>
    tx.query(storeCopied(schema, place, copiedRows(schema, place, from), { replace: false }))
  if (isCopied(place)) await inBlocks(session, place.vectors.table, pagesOfVectors, copy)
  await session.transaction(
    async (tx) => {
      // A table that was rewritten meanwhile has its rows elsewhere.
      await fillKeys(tx, place, tableOf(place.table))
      if (isCopied(place)) {
        await tx.query(sql`analyze ${modelTable(copiedModel)}`)
      }
      if (place.maintained === true) await recordLacking(tx)
      const { place: _, ...layout } = await loadLayout(tx)
      const { unfinished: __, ...finished } = place
      await saveLayout(tx, { ...layout, place: finished })
    },
    { unhurried: true },
  )
  return true
}

/** Calls for each stretch of the table, and of what inherits from it, in its order: a set of rows for a FROM. */
async function inBlocks(
  session: Session,
  table: TableName,
  pages: number,
  work: (tx: Queryable, rows: Sql) => Promise<unknown>,
): Promise<void> {
  for (const one of await familyOf(session, table)) {
    const { rows } = await session.query<{ pages: number }>(sql`
      select (pg_relation_size(oid) / current_setting('block_size')::int)::float8 as pages
      from pg_class where oid = ${tableOf(one).text}::regclass and relkind = 'r'`)
    const all = rows[0]?.pages ?? 0
    for (let page = 0; page < all; page += pages) {
      const block = sql`(
        select * from only ${tableOf(one)}
        where ctid >= ${raw(`'(${page},0)'`)}::tid and ctid < ${raw(`'(${page + pages},0)'`)}::tid
      )`
      await session.transaction((tx) => work(tx, block), { unhurried: true })
    }
  }
}
