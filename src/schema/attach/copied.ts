import type { Queryable } from '../../postgres/database.ts'
import { pgvector } from '../../postgres/pgvector.ts'
import { ident, raw, type Sql, sql } from '../../postgres/sql.ts'
import { vectorType } from '../index-kind.ts'
import { type Place, tableOf, type VectorPlace } from '../layout.ts'
import { type ColumnFacts, isTextType } from '../legacy/table-facts.ts'
import { modelTable } from '../names.ts'
import { condition } from './expressions.ts'
import { hasKeys, idOf, keys, keysOfVectors, matching } from './keys.ts'

/*
 * Vectors that pgvector can't search where they lie (arrays, JSON, text) are copied into an ordinary table of the first
 * model, by the server itself, and kept in step by triggers. What is no vector of the model's dimension is left out.
 */

type Copied = 'array' | 'json' | 'text'

export function isCopied({ vectors }: Pick<Place, 'vectors'>): boolean {
  return ['array', 'json', 'text'].includes(vectors.type)
}

/** How vectors of this type are read; null if none can be. */
export function copiedType({
  baseType,
  category,
}: Pick<ColumnFacts, 'baseType' | 'category'>): Copied | null {
  if (['real[]', 'double precision[]', 'numeric[]', 'integer[]'].includes(baseType)) return 'array'
  if (baseType === 'json' || baseType === 'jsonb') return 'json'
  return isTextType({ baseType, category }) ? 'text' : null
}

/** How many numbers a value holds; of what is no list, anything else. */
export function widthOf(type: VectorPlace['type'], column: Sql): Sql {
  switch (type) {
    case 'array':
      return sql`cardinality(${column})`
    case 'json':
      return sql`case when jsonb_typeof(${column}::jsonb) = 'array' then jsonb_array_length(${column}::jsonb) end`
    case 'text':
      return sql`cardinality(string_to_array(${column}::text, ','))`
    default:
      return sql`${pgvector('vector_dims')}(${column})`
  }
}

/** The value as pgvector's type: an error where it is none. */
export function asVector(type: VectorPlace['type'], column: Sql): Sql {
  if (type === 'text') return sql`translate(${column}::text, '{}()', '[][]')::${pgvector('vector')}`
  return type === 'json' ? sql`${column}::text::${pgvector('vector')}` : sql`${column}::${pgvector('vector')}`
}

const readName = 'revector_read_vector'

/** The value as a vector of the model, or null: a column of text may hold anything. */
export function readFunction(schema: string, { vectors }: Place, type: string): Sql {
  const d = raw(String(vectors.dimension))
  return sql`
create or replace function ${ident(schema, readName)}(given ${raw(type)}) returns ${pgvector('vector')}
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $function$
declare
  found ${pgvector('vector')};
begin
  found := ${asVector(vectors.type, raw('given'))};
  return case when ${pgvector('vector_dims')}(found) = ${d} then found end;
exception when others then
  return null;
end
$function$`
}

/** The name and type as `regprocedure` reads them. */
export function readSignature(schema: string, type: string): string {
  return `${ident(schema, readName).text}(${type})`
}

/** Rows of the table of vectors, or a set like them: `(id, vector)`, and what was stored as `given`. */
export function copiedRows(schema: string, place: Place, from: Sql): Sql {
  const { vectors } = place
  const { name } = vectors.table
  const column = ident(name, vectors.column)
  const isTableOfTexts = vectors.table.schema === place.table.schema && name === place.table.name
  const join = sql` join ${keysIn(schema)} on ${matching(place, keysOfVectors(place), name)}`
  const id = isTableOfTexts
    ? idOf(place)
    : hasKeys(place)
      ? raw('revector_id')
      : sql`${ident(name, vectors.key)}::${raw(place.idType)}`
  const limits = isTableOfTexts
    ? condition(place.where)
    : sql`${condition(vectors.where ?? null)} and ${ident(name, vectors.key)} is not null`
  return sql`(
      select ${id} as id, ${ident(schema, readName)}(${column}) as vector, ${column} as given
      from ${from} as ${ident(name)}${!isTableOfTexts && hasKeys(place) ? join : sql``}
      where ${limits}
    )`
}

function keysIn(schema: string): Sql {
  return sql`${ident(schema)}.${keys}`
}

/** Stores what the rows hold; of a vector that is there already, the newer one stays if `replace`. */
export function storeCopied(
  schema: string,
  place: Place,
  rows: Sql,
  { replace }: { readonly replace: boolean },
): Sql {
  const column = ident(`embedding_${place.vectors.dimension}`)
  return sql`
    insert into ${ident(schema)}.${modelTable(copiedModel)} (chunk_id, model_id, ${column})
    select distinct on (v.id) v.id, ${raw(String(copiedModel))}, v.vector from ${rows} v
    where v.vector is not null and v.id is not null
    order by v.id
    on conflict (chunk_id, model_id) do ${replace ? sql`update set ${column} = excluded.${column}, created_at = now()` : raw('nothing')}`
}

/** The first model of an installation. */
export const copiedModel = 1

export async function typeOfVectors(db: Queryable, { vectors }: Place): Promise<string> {
  const { rows } = await db.query<{ type: string }>(sql`
    select format_type(a.atttypid, null) as type from pg_attribute a
    where a.attrelid = ${tableOf(vectors.table).text}::regclass and a.attname = ${vectors.column}`)
  return rows[0]?.type ?? vectorType(vectors.dimension).text
}
