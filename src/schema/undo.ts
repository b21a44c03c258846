import { counted } from '../core/counted.ts'
import { RevectorError } from '../core/errors.ts'
import type { Queryable } from '../postgres/database.ts'
import { ident, sql } from '../postgres/sql.ts'
import { findTable } from './catalog.ts'
import { ownTables } from './fresh.ts'
import { forget, readHistory } from './history.ts'
import { keepPrivate } from './keep-private.ts'
import { refuseAnyVectors } from './legacy/swapped.ts'
import { embeddingsTable } from './names.ts'
import { script } from './scripts.ts'

/** Revision 2 of a database that never had another layout: possible while no model has a vector. */
export async function undoFresh(tx: Queryable): Promise<void> {
  await tx.query(sql`lock table chunk_embeddings in access exclusive mode`)
  await refuseAnyVectors(tx)
  await tx.query(sql`drop table chunk_embeddings, embedding_models, revector_layout`)
  await tx.query(script('0001_embeddings.sql'))
  const table = await findTable(tx, embeddingsTable)
  if (table !== null) await keepPrivate(tx, [table])
  await forget(tx, 2)
}

/** Revision 1: drops only tables that Revector created, and only if they are empty. */
export async function undoFirst(tx: Queryable): Promise<void> {
  const history = await readHistory(tx)
  const created = history.find(({ revision }) => revision === 1)?.record['createdTables']
  if (Array.isArray(created)) {
    const full: { table: string; rows: number }[] = []
    for (const table of ownTables) {
      await tx.query(sql`lock table ${ident(table)} in access exclusive mode`)
      const { rows } = await tx.query<{ n: string }>(sql`select count(*)::text as n from ${ident(table)}`)
      const count = Number(rows[0]?.n ?? 0)
      if (count > 0) full.push({ table, rows: count })
    }
    if (full.length > 0) {
      throw new RevectorError(
        'ROLLBACK_REFUSED',
        `Tables with rows would be dropped: ${full.map(({ table, rows }) => `${table} (${counted(rows, 'row')})`).join(', ')}.`,
        { hint: 'Remove the documents first, or drop the database.', data: { tables: full } },
      )
    }
    await tx.query(sql`drop table chunk_embeddings, chunks, documents`)
  }
  await forget(tx, 1)
  await tx.query(sql`drop table revector_revisions`)
}
