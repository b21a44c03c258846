import type { Queryable } from '../../postgres/database.ts'
import { sql } from '../../postgres/sql.ts'
import { type TableName, tableOf } from '../layout.ts'

/** The catalog's facts about a table of another application. */
export interface TableFacts {
  readonly name: TableName
  /** `r` table, `p` partitioned, `v` view, `m` materialized view, `f` foreign table. */
  readonly kind: string
  readonly persistence: string
  readonly owner: string
  /** Whether the database user may alter it. */
  readonly rowSecurity: boolean
  /** Whether it is a parent or a child of inheritance or partitioning. */
  readonly inherits: boolean
  /** Whether other tables inherit from it, other than as partitions: no index covers their rows. */
  readonly heirs: boolean
  readonly typed: boolean
  /** Row triggers with transition tables: a table with one can't be attached. */
  readonly transitionTriggers: readonly string[]
  readonly bytes: number
  readonly columns: readonly ColumnFacts[]
  readonly indexes: readonly IndexFacts[]
  readonly foreignKeys: readonly ForeignKeyFacts[]
}

export interface ColumnFacts {
  readonly name: string
  /** As `format_type` spells it: `character varying(255)`, `vector(1536)`. */
  readonly type: string
  /** Without the modifier, and for a domain its base type: `character varying`, `vector`. */
  readonly baseType: string
  readonly category: string
  /** Whether the type is a domain, which may have checks of its own. */
  readonly domain: boolean
  /** Declared length or width; null without one. */
  readonly modifier: number | null
  readonly notNull: boolean
  readonly default: string | null
  /** '' or `a`lways or by `d`efault. */
  readonly identity: string
  readonly generated: boolean
}

export interface IndexFacts {
  readonly name: string
  readonly method: string
  readonly unique: boolean
  readonly primary: boolean
  readonly valid: boolean
  readonly partial: boolean
  readonly deferrable: boolean
  /** Key columns; null for an expression. */
  readonly columns: readonly (string | null)[]
  readonly expression: string | null
  readonly opclass: string
  readonly definition: string
}

export interface ForeignKeyFacts {
  readonly name: string
  readonly columns: readonly string[]
  readonly references: TableName
  readonly referencedColumns: readonly string[]
  readonly validated: boolean
}

export async function readTable(db: Queryable, name: TableName): Promise<TableFacts> {
  const table = tableOf(name).text
  const { rows } = await db.query<Omit<TableFacts, 'name' | 'columns' | 'indexes' | 'foreignKeys'>>(sql`
    select c.relkind::text as kind, c.relpersistence::text as persistence,
           pg_get_userbyid(c.relowner)::text as owner,
           c.relrowsecurity as "rowSecurity",
           exists (select from pg_inherits i where c.oid in (i.inhrelid, i.inhparent)) as inherits,
           c.relkind = 'r' and exists (select from pg_inherits i where i.inhparent = c.oid) as heirs,
           c.reloftype <> 0 as typed,
           array(select t.tgname::text from pg_trigger t
                 where t.tgrelid = c.oid and t.tgtype & 1 = 1
                   and (t.tgoldtable is not null or t.tgnewtable is not null)) as "transitionTriggers",
           pg_total_relation_size(c.oid)::float8 as bytes
    from pg_class c where c.oid = ${table}::regclass`)
  const [row] = rows
  if (row === undefined) throw new Error(`${table} was dropped while it was being examined`)
  const { rows: columns } = await db.query<ColumnFacts>(sql`
    select a.attname::text as name, format_type(a.atttypid, a.atttypmod) as type,
           format_type(b.oid, null) as "baseType", b.typcategory::text as category,
           t.typtype = 'd' as domain,
           case when b.typname in ('varchar', 'bpchar') and m.modifier > 0 then m.modifier - 4
                when m.modifier > 0 then m.modifier end as modifier,
           a.attnotnull as "notNull", a.attidentity::text as identity, a.attgenerated <> '' as generated,
           case when a.attgenerated = '' then pg_get_expr(d.adbin, d.adrelid) end as default
    from pg_attribute a
    join pg_type t on t.oid = a.atttypid
    join pg_type b on b.oid = case when t.typtype = 'd' then t.typbasetype else t.oid end
    cross join lateral (select case when t.typtype = 'd' then t.typtypmod else a.atttypmod end as modifier) m
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = ${table}::regclass and a.attnum > 0 and not a.attisdropped
    order by a.attnum`)
  const { rows: indexes } = await db.query<IndexFacts>(sql`
    select c.relname::text as name, m.amname::text as method, i.indisunique as unique, i.indisprimary as primary,
           i.indisvalid and i.indisready as valid, i.indpred is not null as partial,
           not i.indimmediate as deferrable,
           array(select a.attname::text
                 from unnest(i.indkey[0:i.indnkeyatts - 1]) with ordinality k (attnum, place)
                 left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
                 order by k.place) as columns,
           pg_get_expr(i.indexprs, i.indrelid) as expression, o.opcname::text as opclass,
           pg_get_indexdef(i.indexrelid) as definition
    from pg_index i
    join pg_class c on c.oid = i.indexrelid
    join pg_am m on m.oid = c.relam
    join pg_opclass o on o.oid = i.indclass[0]
    where i.indrelid = ${table}::regclass
    order by c.relname`)
  const { rows: foreignKeys } = await db.query<ForeignKeyFacts>(sql`
    select k.conname::text as name, k.convalidated as validated,
           json_build_object('schema', n.nspname, 'name', c.relname) as references,
           array(select a.attname::text from unnest(k.conkey) with ordinality u (attnum, place)
                 join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.attnum
                 order by u.place) as columns,
           array(select a.attname::text from unnest(k.confkey) with ordinality u (attnum, place)
                 join pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.attnum
                 order by u.place) as "referencedColumns"
    from pg_constraint k
    join pg_class c on c.oid = k.confrelid
    join pg_namespace n on n.oid = c.relnamespace
    where k.conrelid = ${table}::regclass and k.contype = 'f'
    order by k.conname`)
  return { name, ...row, columns, indexes, foreignKeys }
}

export function columnOf(table: TableFacts, name: string): ColumnFacts | undefined {
  return table.columns.find((column) => column.name === name)
}

/** Whether the database itself keeps the column's values unique. */
export function isUnique(table: TableFacts, column: string, { partial = false } = {}): boolean {
  return table.indexes.some(
    (index) =>
      index.unique &&
      index.valid &&
      !index.deferrable &&
      (partial || !index.partial) &&
      index.columns.length === 1 &&
      index.columns[0] === column,
  )
}

/** The columns of the table's one-column primary key or, failing that, its only one-column unique key. */
export function keyColumn(table: TableFacts): string | null {
  const keys = [
    ...new Set(table.columns.map((column) => column.name).filter((name) => isUnique(table, name))),
  ]
  const notNull = keys.filter((name) => columnOf(table, name)?.notNull === true)
  if (notNull.includes('id')) return 'id'
  return notNull.length === 1 ? (notNull[0] ?? null) : null
}

/** `chunks`, or `other.chunks` where the plain name would mean something else. */
export function spoken(name: TableName): string {
  return name.schema === 'public' ? name.name : `${name.schema}.${name.name}`
}

/** Holds text: not the types of the catalog that look like it. */
export function isTextType({ baseType, category }: Pick<ColumnFacts, 'baseType' | 'category'>): boolean {
  return category === 'S' && baseType !== '"char"' && baseType !== 'name'
}
