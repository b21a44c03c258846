import { counted, grouped } from '../../core/counted.ts'
import type { TableFacts } from '../../wire/database.ts'
import type { Queryable } from '../database.ts'
import { ident, join, raw, type Sql, sql } from '../sql.ts'

interface TableColumns {
  readonly schema: string
  readonly name: string
  readonly columns: readonly { readonly name: string; readonly type: string; readonly typeSchema: string }[]
}

/**
 * Tables of Revector and of other applications; not the system's, not an extension's. A partition counts, its
 * parent is empty.
 */
const userTables = (schema: string | null): Sql => sql`
select n.nspname as schema, c.relname as name,
       coalesce(jsonb_agg(jsonb_build_object('name', a.attname, 'type', t.typname, 'typeSchema', tn.nspname)
                          order by a.attname) filter (where a.attname is not null), '[]') as columns
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join pg_type t on t.oid = a.atttypid
left join pg_namespace tn on tn.oid = t.typnamespace
where c.relkind = 'r' and c.relpersistence <> 't'
  and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and (${schema}::text is null or n.nspname = ${schema})
  and not exists (select from pg_depend d
                  where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
group by n.nspname, c.relname
order by n.nspname, c.relname`

/** Text forms depend on these. */
export const stableText = raw(`
set local datestyle = 'ISO, YMD';
set local timezone = 'UTC';
set local intervalstyle = 'postgres';
set local extra_float_digits = 1;
set local bytea_output = 'hex';
set local search_path = pg_catalog`)

/**
 * Run inside a transaction, so that all tables are of one moment.
 *
 * @param schema null: of all schemas
 */
export async function tableFacts(tx: Queryable, schema: string | null): Promise<TableFacts[]> {
  await tx.query(stableText)
  const { rows: tables } = await tx.query<TableColumns>(userTables(schema))
  const facts: TableFacts[] = []
  for (const table of tables) {
    const { rows } = await tx.query<{ rows: string; checksum: string }>(factsQuery(table))
    const row = rows[0]
    facts.push({
      name: `${table.schema}.${table.name}`,
      rows: Number(row?.rows ?? 0),
      checksum: row?.checksum ?? '0',
    })
  }
  return facts
}

export async function countUserTables(tx: Queryable, schema: string | null): Promise<number> {
  return (await tx.query(userTables(schema))).rows.length
}

function factsQuery(table: TableColumns): Sql {
  const columns = join(table.columns.map(columnText))
  return sql`
    select count(*) as rows, coalesce(sum(hashtextextended(row(${columns})::text, 0)), 0)::text as checksum
    from ${ident(table.schema, table.name)}`
}

const binaryTypes = new Set(['vector', 'halfvec', 'sparsevec'])

/** A vector's text is slow to make; its bytes are equivalent. */
function columnText({ name, type, typeSchema }: TableColumns['columns'][number]): Sql {
  return binaryTypes.has(type)
    ? sql`md5(${ident(typeSchema, `${type}_send`)}(${ident(name)}))`
    : sql`${ident(name)}::text`
}

/** How they differ, in words; null if they are equal. */
export function difference(expected: readonly TableFacts[], found: readonly TableFacts[]): string | null {
  const byName = new Map(found.map((table) => [table.name, table]))
  for (const table of expected) {
    const other = byName.get(table.name)
    if (other === undefined) return `table ${table.name} is missing`
    if (other.rows !== table.rows)
      return `table ${table.name} has ${counted(other.rows, 'row')}, not ${grouped(table.rows)}`
    if (other.checksum !== table.checksum) return `rows of table ${table.name} have changed`
  }
  return null
}
