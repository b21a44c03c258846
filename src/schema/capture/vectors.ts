import type { Queryable } from '../../postgres/database.ts'
import { ident, raw, type Sql, sql } from '../../postgres/sql.ts'
import {
  copiedModel,
  copiedRows,
  isCopied,
  readFunction,
  readSignature,
  storeCopied,
  typeOfVectors,
} from '../attach/copied.ts'
import { shortName } from '../catalog.ts'
import { type Place, tableOf } from '../layout.ts'
import { modelTableName } from '../names.ts'
import { secureFunction } from './capture.ts'
import { unharmed } from './functions.ts'
import { eachOf, heirsOf } from './tables.ts'

const functionName = 'revector_capture_vectors'

/** Keeps the copy of an application's vectors in step with what it writes. */
export async function addVectorCapture(tx: Queryable, schema: string, place: Place): Promise<void> {
  if (!isCopied(place)) return
  const { table } = place.vectors
  const type = await typeOfVectors(tx, place)
  await tx.query(readFunction(schema, place, type))
  const each = await eachOf(tx, table)
  await tx.query(captureFunction(schema, place, each))
  await secureFunction(tx, schema, ident(schema, functionName))
  await tx.query(sql`revoke all on function ${raw(readSignature(schema, type))} from public`)
  const heirs = await heirsOf(tx, table)
  for (const statement of triggers(schema, each, tableOf(table), heirs.map(tableOf)))
    await tx.query(statement)
}

function captureFunction(schema: string, place: Place, each: 'row' | 'statement'): Sql {
  const rows = (row: string, transition: string): Sql =>
    copiedRows(schema, place, each === 'row' ? sql`(select ${raw(row)}.*)` : raw(transition))
  const [fresh, before] = [rows('new', 'new_rows'), rows('old', 'old_rows')]
  const stored = ident(schema, modelTableName(copiedModel))
  return sql`
create or replace function ${ident(schema, functionName)}() returns trigger
language plpgsql security definer set search_path = ${ident(schema)}, pg_temp
as $function$
begin
  -- Its vectors go when the model is retired.
  perform 1 from ${ident(schema, 'embedding_models')}
  where id = ${raw(String(copiedModel))} and state <> 'retired' and to_regclass(${raw(`'${stored.text.replaceAll("'", "''")}'`)}) is not null
  for share;
  if not found then
    return null;
  end if;

  if tg_op = 'TRUNCATE' then
    delete from ${stored};
    return null;
  end if;

  if tg_op = 'INSERT' then
    ${storeCopied(schema, place, fresh, { replace: true })};
    return null;
  end if;

  if tg_op = 'DELETE' then
    delete from ${stored} e using ${before} o where e.chunk_id = o.id;
    return null;
  end if;

  delete from ${stored} e
  using ${before} o
  where e.chunk_id = o.id and not exists (select from ${fresh} n where n.id = o.id and n.vector is not null);
  ${storeCopied(
    schema,
    place,
    sql`(
      select n.id, n.vector from ${fresh} n left join ${before} o on o.id = n.id
      where o.id is null or n.given::text is distinct from o.given::text
    )`,
    { replace: true },
  )};
  return null;${unharmed}
end
$function$`
}

function triggers(
  schema: string,
  each: 'row' | 'statement',
  table: Sql,
  heirs: readonly Sql[],
): readonly Sql[] {
  // After those of the texts, which fire first by their names.
  const named = (event: string): Sql => ident(shortName(`revector_vectors_${event}_${schema}`))
  const run = sql`execute function ${ident(schema, functionName)}()`
  const on = (target: Sql, event: string, tables: string): Sql => sql`
      create trigger ${named(event)} after ${raw(event)} on ${target}${each === 'row' ? sql`` : sql` referencing ${raw(tables)}`}
      for each ${raw(each)} ${run}`
  const followed = (target: Sql): readonly Sql[] => [
    on(target, 'insert', 'new table as new_rows'),
    on(target, 'update', 'new table as new_rows old table as old_rows'),
    on(target, 'delete', 'old table as old_rows'),
  ]
  return [
    ...followed(table),
    sql`create trigger ${named('truncate')} after truncate on ${table} for each statement ${run}`,
    ...heirs.flatMap(followed),
  ]
}
