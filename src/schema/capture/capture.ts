import { RevectorError } from '../../core/errors.ts'
import type { Queryable } from '../../postgres/database.ts'
import { ident, raw, type Sql, sql } from '../../postgres/sql.ts'
import { schemaOfModels } from '../added-tables.ts'
import { isCopied } from '../attach/copied.ts'
import { condition } from '../attach/expressions.ts'
import { hasKeys, idOf } from '../attach/keys.ts'
import { maintainedModel } from '../attach/maintain.ts'
import { columnExists } from '../catalog.ts'
import { forget, readHistory, recordDone, recordStart } from '../history.ts'
import { grantee } from '../keep-private.ts'
import { loadLayout, type TableName, tableOf } from '../layout.ts'
import type { AddedColumn } from '../legacy/record.ts'
import { embeddingsTable } from '../names.ts'
import { type Captured, captureFunction, captureFunctions, captureStatements } from './functions.ts'
import { capturedKeys } from './keys.ts'
import { eachOf, heirsOf } from './tables.ts'

/** Of a vector: the SHA-256 of the text that it was made of. Null: made before this was remembered, or by others. */
export const embeddedHashName = 'embedded_text_hash'

/**
 * Revision 6: what others write to the table of chunks is recorded as pending, by triggers, and each vector remembers its
 * text. Reads and rewrites no row.
 *
 * @throws RevectorError UPGRADE_REFUSED if an adopted table has a column of that name
 */
export async function addCapture(tx: Queryable): Promise<void> {
  const schema = await schemaOfModels(tx)
  const vectors: TableName = { schema, name: embeddingsTable }
  const pending = ident(schema, 'pending_chunks')
  if (await columnExists(tx, vectors, embeddedHashName)) throw columnTaken(schema)
  await recordStart(tx, 6, {})
  await tx.query(sql`alter table ${tableOf(vectors)} add column ${ident(embeddedHashName)} bytea`)
  // The rows of pending chunks are written by triggers, which know that chunk and model are there: checking it again
  // would double the price of an insert. What is deleted is followed by trigger, and by `deleteModel`.
  await tx.query(sql`
    alter table ${pending}
      add column text_hash bytea,
      drop constraint if exists pending_chunks_model_id_fkey,
      drop constraint if exists pending_chunks_chunk_id_fkey`)
  for (const statement of captureStatements(await describe(tx, schema))) await tx.query(statement)
  for (const name of captureFunctions(schema)) await secureFunction(tx, schema, name)
  await recordDone(tx, 6)
}

/** After a change of which models' vectors lie in an application's tables. The triggers stay. */
export async function replaceCapture(tx: Queryable): Promise<void> {
  await tx.query(captureFunction(await describe(tx, await schemaOfModels(tx))))
}

/** What is written to another table of the application is captured from now on, and no longer what is written to this one. */
export async function moveCapture(tx: Queryable): Promise<void> {
  const schema = await schemaOfModels(tx)
  for (const name of captureFunctions(schema)) await tx.query(sql`drop function if exists ${name}() cascade`)
  for (const statement of captureStatements(await describe(tx, schema))) await tx.query(statement)
  for (const name of captureFunctions(schema)) await secureFunction(tx, schema, name)
}

/**
 * Back to revision 5, which knows of no vector that it is stale: those that are recorded to be are deleted, so that their
 * chunks are pending there too.
 */
export async function dropCapture(tx: Queryable): Promise<void> {
  const schema = await schemaOfModels(tx)
  const { chunks, place } = await loadLayout(tx)
  const pending = ident(schema, 'pending_chunks')
  for (const name of captureFunctions(schema)) await tx.query(sql`drop function if exists ${name}() cascade`)
  await tx.query(sql`
    delete from ${ident(schema, embeddingsTable)} e
    using ${pending} p
    where p.model_id = e.model_id and p.chunk_id = e.chunk_id and p.text_hash is not null
      and p.text_hash is distinct from e.${ident(embeddedHashName)}`)
  await tx.query(sql`alter table ${ident(schema, embeddingsTable)} drop column ${ident(embeddedHashName)}`)
  const toChunks = sql`, add constraint pending_chunks_chunk_id_fkey
        foreign key (chunk_id) references ${tableOf(chunks.table)} (${ident(chunks.id)}) on delete cascade`
  await tx.query(sql`
    alter table ${pending}
      drop column text_hash,
      add constraint pending_chunks_model_id_fkey
        foreign key (model_id) references ${ident(schema, 'embedding_models')} (id) on delete cascade${place === undefined ? toChunks : sql``}`)
  await forget(tx, 6)
}

async function describe(tx: Queryable, schema: string): Promise<Captured> {
  const { chunks, place, exposed } = await loadLayout(tx)
  const { table } = place ?? chunks
  const each = await eachOf(tx, table)
  if (place !== undefined) {
    const where = condition(place.where)
    return {
      schema,
      table,
      id: idOf(place),
      text: raw(place.text),
      where,
      hash: null,
      each,
      ofApplication: true,
      exposed: exposed?.modelId ?? (place.maintained === true ? maintainedModel : null),
      copied: isCopied(place),
      heirs: await heirsOf(tx, table),
      ...(hasKeys(place) && { keys: capturedKeys(schema, place) }),
    }
  }
  const { id, content, contentHash } = chunks
  return {
    schema,
    table,
    id: ident(id),
    text: ident(content),
    where: raw('true'),
    hash: (await isOurs(tx, table, contentHash)) ? { column: contentHash, of: content } : null,
    each,
    ofApplication: false,
    exposed: null,
  }
}

/** In a table that was adopted, only a column that was added to it. */
async function isOurs(tx: Queryable, table: TableName, column: string): Promise<boolean> {
  const history = await readHistory(tx)
  const adoption = history.find(({ revision, record }) => revision === 2 && record['kind'] === 'adoption')
  if (adoption === undefined) return true
  const added: unknown = adoption.record['columns']
  return Array.isArray(added) && added.some((one) => isColumn(one, table, column))
}

function isColumn(added: Partial<AddedColumn>, { schema, name }: TableName, column: string): boolean {
  return added.column === column && added.table?.schema === schema && added.table.name === name
}

/**
 * A function that acts for its owner belongs to the owner of the tables, also where a superuser runs this, and is
 * called by triggers only, whatever default privileges give. One that does not exist needs none of this.
 */
export async function secureFunction(tx: Queryable, schema: string, name: Sql): Promise<void> {
  const { rows } = await tx.query<{ role: string | null }>(sql`
    select distinct case when g.grantee = 0 then null else pg_get_userbyid(g.grantee)::text end as role
    from pg_proc p cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g
    where p.oid = to_regprocedure(${`${name.text}()`}) and g.grantee <> p.proowner`)
  for (const { role } of rows) await tx.query(sql`revoke all on function ${name}() from ${grantee(role)}`)
  const { rows: owners } = await tx.query<{ owner: string }>(sql`
    select pg_get_userbyid(c.relowner)::text as owner
    from pg_class c join pg_proc p on p.oid = to_regprocedure(${`${name.text}()`}) and p.proowner <> c.relowner
    where c.oid = ${ident(schema, 'pending_chunks').text}::regclass`)
  for (const { owner } of owners) await tx.query(sql`alter function ${name}() owner to ${ident(owner)}`)
}

function columnTaken(schema: string): RevectorError {
  return new RevectorError(
    'UPGRADE_REFUSED',
    `The table ${schema}.${embeddingsTable} has a column ${embeddedHashName} that is not Revector's.`,
    { hint: 'Rename the column.', data: { schema, table: embeddingsTable, column: embeddedHashName } },
  )
}
