import type { Queryable } from '../../postgres/database.ts'
import { pgvector } from '../../postgres/pgvector.ts'
import { ident, raw, type Sql, sql } from '../../postgres/sql.ts'
import { vectorColumn } from '../index-kind.ts'
import { type Place, tableOf } from '../layout.ts'
import { modelTable, modelTableName } from '../names.ts'
import { hasKeys, keyPairs, keys, matching } from './keys.ts'

/** The first model: Revector makes its vectors, where the operator has said so. */
export const maintainedModel = 1

/** The name of what `db expose` puts on such a view, too: it tells that the view takes vectors. */
const triggerName = 'revector_store'

/** What Revector's writers insert into the view of the first model's vectors goes into the application's column. */
export async function addStore(tx: Queryable, schema: string, place: Place): Promise<Sql> {
  const name = ident(schema, `revector_store_${maintainedModel}`)
  const { table, vectors } = place
  const column = ident(vectors.column)
  const halved = vectors.type === 'halfvec(N)' ? sql`::${pgvector(`halfvec(${vectors.dimension})`)}` : sql``
  const columns = keyPairs(place).map(({ of }) => of)
  const [from, row] = hasKeys(place)
    ? [
        sql` from ${ident(schema)}.${keys}`,
        sql`revector_id = new.chunk_id and ${matching(place, columns, 't')}`,
      ]
    : [sql``, sql`t.${ident(place.id)}::${raw(place.idType)} = new.chunk_id`]
  await tx.query(sql`
create or replace function ${name}() returns trigger
language plpgsql security definer
set search_path = ${ident(table.schema)}, public, ${ident(schema)}, pg_temp
as $function$
begin
  -- The application's own triggers find what they name without a schema.
  update ${tableOf(table)} t set ${column} = new.${vectorColumn(vectors.dimension)}${halved}${from} where ${row};
  if not found then
    return null;
  end if;
  delete from ${ident(schema, 'pending_chunks')} p
  where p.model_id = ${raw(String(maintainedModel))} and p.chunk_id = new.chunk_id
    and (p.text_hash is null or p.text_hash = new.embedded_text_hash);
  return new;
end
$function$`)
  await tx.query(sql`
    create trigger ${ident(triggerName)} instead of insert on ${ident(schema, modelTableName(maintainedModel))}
      for each row execute function ${name}()`)
  return name
}

/** Records what has no vector yet; a worker makes them. */
export async function recordLacking(tx: Queryable): Promise<void> {
  await tx.query(sql`
    insert into pending_chunks (model_id, chunk_id)
    select ${raw(String(maintainedModel))}, c.id from chunks c
    where btrim(c.content) <> ''
      and not exists (select from ${modelTable(maintainedModel)} e where e.chunk_id = c.id)
    on conflict do nothing`)
}
