import { pgvector } from '../../postgres/pgvector.ts'
import { ident, raw, type Sql, sql } from '../../postgres/sql.ts'
import { vectorColumn } from '../index-kind.ts'
import { tableOf } from '../layout.ts'
import { modelTableName } from '../names.ts'
import { audibly, silently, writesFor } from './mirror.ts'
import { keyOf, listed, type Pair, type Side } from './pair.ts'

export function storeName(schema: string, modelId: number): Sql {
  return ident(schema, `revector_store_${modelId}`)
}

/**
 * What Revector's writers insert as a model's vectors goes into the table of an application: into the row that is there, or,
 * where no row may be without a vector, into a new one with everything that the other table knows of it.
 */
export function storeFunction(pair: Pair, into: Side, other: Side | null): Sql {
  const { schema, key, vector, nullable, columns } = pair
  const v = ident(vector)
  const given = sql`new.${vectorColumn(into.dimension)}${into.halved ? sql`::${pgvector(`halfvec(${into.dimension})`)}` : sql``}`
  const insert =
    nullable || other === null
      ? sql`
    ${audibly}
    return null;`
      : sql`
    insert into ${tableOf(into.table)} (${listed([...columns, vector])}) overriding system value
    select ${listed(columns, 'o')}, ${given} from ${tableOf(other.table)} o where ${keyOf(pair, 'o')} = new.chunk_id
    on conflict (${ident(key)}) do update set ${v} = excluded.${v};
    if not found then
      ${audibly}
      return null;
    end if;`
  return sql`
create or replace function ${storeName(schema, into.modelId)}() returns trigger
${writesFor(pair)}
as $function$
begin
  ${silently}
  update ${tableOf(into.table)} t set ${v} = ${given} where ${keyOf(pair, 't')} = new.chunk_id;
  if not found then${insert}
  end if;
  delete from ${ident(schema, 'pending_chunks')} p
  where p.model_id = ${raw(String(into.modelId))} and p.chunk_id = new.chunk_id
    and (p.text_hash is null or p.text_hash = new.embedded_text_hash);
  ${audibly}
  return new;
end
$function$`
}

/** On the view of a model's vectors. */
export function storeTrigger(schema: string, modelId: number): Sql {
  return sql`
    create or replace trigger revector_store instead of insert on ${ident(schema, modelTableName(modelId))}
      for each row execute function ${storeName(schema, modelId)}()`
}

/** While they move, what is written to the model's own table is written to its new one, too. */
export function moveTrigger(schema: string, modelId: number): Sql {
  return sql`
    create trigger revector_move after insert or update on ${ident(schema, modelTableName(modelId))}
      for each row execute function ${storeName(schema, modelId)}()`
}
