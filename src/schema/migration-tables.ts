import { RevectorError } from '../core/errors.ts'
import type { Queryable } from '../postgres/database.ts'
import { ident, raw, sql } from '../postgres/sql.ts'
import { openStates } from '../wire/migration.ts'
import { keepAddedPrivate, makeRoomFor, schemaOfModels } from './added-tables.ts'
import { forget, recordDone, recordStart } from './history.ts'
import { loadLayout, type TableName, tableOf } from './layout.ts'
import { script } from './scripts.ts'

/** Tables of revision 3, in an order in which they can be dropped. */
const tables = [
  'model_canaries',
  'provider_rates',
  'migration_events',
  'pending_chunks',
  'quarantined_chunks',
  'migration_batches',
  'migration_workers',
  'model_migrations',
] as const

/** Revision 3: new tables beside the others, all or nothing; reads and writes none of their rows. */
export async function addMigrationTables(tx: Queryable): Promise<void> {
  await makeRoomFor(tx, tables)
  await recordStart(tx, 3, {})
  await tx.query(script('0003_migrations.sql'))
  const { chunks, place } = await loadLayout(tx)
  const idType = raw(await columnType(tx, chunks.table, chunks.id))
  const reference = sql` references ${tableOf(chunks.table)} (${ident(chunks.id)}) on delete cascade`
  // An application's table is followed by triggers.
  const chunk = sql`${idType} not null${place === undefined ? reference : raw('')}`
  // Texts that a model can't embed, with the reason.
  await tx.query(sql`
    create table quarantined_chunks (
      model_id int not null references embedding_models (id) on delete cascade,
      chunk_id ${chunk},
      code text not null,
      reason text not null,
      attempts int not null default 1,
      created_at timestamptz not null default now(),
      primary key (model_id, chunk_id)
    )`)
  // Chunks that a writer could not embed with a written model. A cut-over checks these rows and need not read
  // the corpus.
  await tx.query(sql`
    create table pending_chunks (
      model_id int not null references embedding_models (id) on delete cascade,
      chunk_id ${chunk},
      since timestamptz not null default now(),
      primary key (model_id, chunk_id)
    )`)
  for (const name of ['quarantined_chunks', 'pending_chunks']) {
    await tx.query(sql`create index ${ident(`${name}_chunk_id_idx`)} on ${ident(name)} (chunk_id)`)
  }
  await keepAddedPrivate(tx, tables)
  await recordDone(tx, 3)
}

/**
 * Back to revision 2: drops the history of migrations.
 *
 * @throws RevectorError ROLLBACK_REFUSED while a migration is open
 */
export async function dropMigrationTables(tx: Queryable): Promise<void> {
  const schema = await schemaOfModels(tx)
  await tx.query(sql`lock table ${ident(schema, 'model_migrations')} in access exclusive mode`)
  const { rows: open } = await tx.query<{ id: string; target: string; state: string }>(sql`
    select id::text as id, target_model as target, state
    from ${ident(schema, 'model_migrations')}
    where state = any(${openStates}::text[])
    order by id`)
  const [first] = open
  if (first !== undefined) {
    throw new RevectorError(
      'ROLLBACK_REFUSED',
      `The migration to "${first.target}" is ${first.state}: its progress would be lost.`,
      {
        hint: `Finish it, or cancel it with \`revector migrate cancel ${first.id}\`.`,
        data: { migrations: open },
      },
    )
  }
  for (const name of tables) await tx.query(sql`drop table ${ident(schema, name)}`)
  await forget(tx, 3)
}

/** As DDL spells it: an owner's ids may be of a domain or have a limited length. */
async function columnType(db: Queryable, table: TableName, column: string): Promise<string> {
  const { rows } = await db.query<{ type: string }>(sql`
    select format_type(a.atttypid, a.atttypmod) as type
    from pg_attribute a
    join pg_class c on c.oid = a.attrelid
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${table.schema} and c.relname = ${table.name} and a.attname = ${column}`)
  const [row] = rows
  if (row === undefined) throw new Error(`${table.name} has no column ${column}`)
  return row.type
}
