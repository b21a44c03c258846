import { RevectorError } from '../../core/errors.ts'
import type { Queryable } from '../../postgres/database.ts'
import { ident, raw, sql } from '../../postgres/sql.ts'
import { findTable } from '../catalog.ts'
import { addEffortColumn } from '../effort-column.ts'
import { registryTables } from '../fresh.ts'
import { createHistory, recordDone, recordStart } from '../history.ts'
import { vectorColumn, vectorType } from '../index-kind.ts'
import { keepPrivate } from '../keep-private.ts'
import { type Place, saveLayout, type TableName } from '../layout.ts'
import { addMigrationTables } from '../migration-tables.ts'
import { embeddingsTable } from '../names.ts'
import { script } from '../scripts.ts'
import { addServiceTables } from '../service-tables.ts'
import { copiedModel, isCopied } from './copied.ts'
import { hasKeys, keysTable } from './keys.ts'
import { createKeys } from './side-table.ts'
import { corpusViews, createCorpusViews, layoutOf } from './views.ts'

/**
 * Sets up an installation whose corpus is an application's table, in the current schema, in one transaction. The table itself
 * is only read; what watches its writes is created with the newest revision.
 *
 * @throws RevectorError UPGRADE_REFUSED if the schema holds anything
 */
export async function createAttached(tx: Queryable, schema: string, place: Place): Promise<void> {
  await refuseUsed(tx, schema)
  await createHistory(tx)
  await recordStart(tx, 1, { createdTables: null })
  await recordDone(tx, 1)
  await recordStart(tx, 2, { kind: 'attached', table: place.table })
  await tx.query(script('0002_registry.sql'))
  await createEmbeddings(tx, place)
  await createKeys(tx, place)
  await createCorpusViews(tx, place)
  const side = hasKeys(place) ? [keysTable] : []
  await keepPrivate(
    tx,
    [...registryTables, embeddingsTable, ...corpusViews, ...side].map((name) => ({ schema, name })),
  )
  await saveLayout(
    tx,
    layoutOf(
      schema,
      side.length > 0 || isCopied(place) || place.maintained === true
        ? { ...place, unfinished: true }
        : place,
    ),
  )
  await recordDone(tx, 2)
  await addMigrationTables(tx)
  await addServiceTables(tx)
  await addEffortColumn(tx)
}

/**
 * Whether this schema already holds an installation of this very place and model. A proof that was missing then is recorded.
 */
export async function isAttached(
  tx: Queryable,
  { verified, ...place }: Place,
  modelName: string,
): Promise<boolean> {
  if ((await findTable(tx, 'revector_layout')) === null) return false
  const { rows } = await tx.query(sql`
    update revector_layout
    set layout = case when ${verified === true} then jsonb_set(layout, '{place,verified}', 'true') else layout end
    where layout @> ${JSON.stringify({ place })}::jsonb and exists (
      select from embedding_models m
      join pg_class v on v.oid = to_regclass('chunk_embeddings_model_' || m.id)
        and (v.relkind = 'v' or ${isCopied(place)} and m.id = ${copiedModel})
      where m.model_name = ${modelName})
    returning 1`)
  return rows.length > 0
}

/** As every installation has it, with ids of the application's type. */
async function createEmbeddings(tx: Queryable, { idType, vectors }: Place): Promise<void> {
  await tx.query(sql`create sequence chunk_embeddings_id_seq`)
  await tx.query(sql`
    create table chunk_embeddings (
      id bigint not null default nextval('chunk_embeddings_id_seq'),
      chunk_id ${raw(idType)} not null,
      model_id int not null,
      created_at timestamptz not null default now(),
      ${vectorColumn(vectors.dimension)} ${vectorType(vectors.dimension)},
      constraint chunk_embeddings_chunk_id_model_id_key unique (chunk_id, model_id)
    ) partition by list (model_id)`)
  await tx.query(sql`alter sequence chunk_embeddings_id_seq owned by chunk_embeddings.id`)
}

async function refuseUsed(tx: Queryable, schema: string): Promise<void> {
  const { rows } = await tx.query<{ name: string }>(sql`
    select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${schema} and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') order by 1 limit 1`)
  const [found] = rows
  if (found === undefined) return
  throw new RevectorError(
    'UPGRADE_REFUSED',
    `An application's table is adopted into a schema of its own, and ${schema} holds ${found.name}.`,
    {
      hint: 'Name a schema that does not exist yet or is empty: --schema NAME.',
      data: { schema, table: found.name },
    },
  )
}

/** Takes away an installation made by `createAttached`: what the application has stays as it was. */
export async function dropAttached(tx: Queryable, schema: string): Promise<void> {
  await refuseForeign(tx, schema)
  await tx.query(sql`drop schema ${ident(schema)} cascade`)
}

const own =
  '^((visible_)?documents|(visible_)?chunks|chunks_next|chunk_keys|embedding_models|model_[a-z]+|migration_[a-z]+|pending_chunks|quarantined_chunks|provider_rates|revector_[a-z_]+|chunk_embeddings(_[a-z0-9_]+)?)$'

async function refuseForeign(tx: Queryable, schema: string): Promise<void> {
  const { rows } = await tx.query<TableName>(sql`
    select n.nspname as schema, c.relname as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${schema} and c.relkind in ('r', 'p', 'v', 'm', 'f') and c.relname !~ ${own}
    order by 2 limit 1`)
  const [foreign] = rows
  if (foreign === undefined) return
  throw new RevectorError(
    'ROLLBACK_REFUSED',
    `The schema ${schema} also holds ${foreign.name}, which is not Revector's.`,
    { hint: 'Move it to another schema first.', data: { schema, table: foreign.name } },
  )
}
