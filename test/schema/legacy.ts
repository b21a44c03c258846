import type { Queryable } from '../../src/postgres/database.ts'
import { raw, sql } from '../../src/postgres/sql.ts'

/** Runs statements that are constants of a test. */
export async function script(db: Queryable, text: string): Promise<void> {
  await db.query(raw(text))
}

/** Removes what a test made from a database that several share: starting one takes longer than any of them. */
export async function empty(db: Queryable): Promise<void> {
  const { rows } = await db.query<{ statement: string }>(sql`
    select format('drop %s if exists %s cascade',
                  case c.relkind when 'v' then 'view' when 'S' then 'sequence' else 'table' end, c.oid::regclass) as statement
    from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'S')
      and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
      and not (c.relkind = 'S' and exists (select from pg_depend d where d.objid = c.oid and d.deptype in ('i', 'a')))
    union all
    select format('drop function if exists %s cascade', p.oid::regprocedure)
    from pg_proc p
    where p.pronamespace = 'public'::regnamespace
      and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')`)
  for (const { statement } of rows) await db.query(raw(statement))
}

/** SQL of a vector of this width, different for every `seed` expression. */
export function vectorSql(dimension: number, seed: string): string {
  return `(select array_agg(sin(${seed} * 0.7 + i)) from generate_series(1, ${dimension}) i)::real[]::vector(${dimension})`
}

/** The guide's "before" as someone may have made it: three tables with foreign keys, and rows. */
export function plainLegacy(dimension: number, rows: number, extra = ''): string {
  return `
    create table documents (id serial primary key, title text not null, content text, created_at timestamptz default now());
    create table chunks (
      id serial primary key,
      document_id int not null references documents (id) on delete cascade,
      chunk_index int not null,
      content text not null
    );
    create table chunk_embeddings (
      id serial primary key,
      chunk_id int not null references chunks (id) on delete cascade,
      embedding vector(${dimension}) not null
    );
    insert into documents (title, content) select 'Title ' || g, 'Text ' || g from generate_series(1, 3) g;
    insert into chunks (document_id, chunk_index, content)
      select 1 + g % 3, g, 'Chunk ' || g from generate_series(1, ${rows}) g;
    insert into chunk_embeddings (chunk_id, embedding)
      select id, ${vectorSql(dimension, 'id')} from chunks;
    ${extra}`
}

/**
 * Everything a database says of its tables, and every row: what must be equal before an upgrade and after it was
 * rolled back.
 */
export async function snapshot(db: Queryable): Promise<Record<string, unknown>> {
  const mine = raw(
    "n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') and n.nspname !~ '^pg_'",
  )
  const ours = raw("not exists (select from pg_depend x where x.objid = c.oid and x.deptype = 'e')")
  const of = async (text: ReturnType<typeof sql>): Promise<unknown[]> => [...(await db.query(text)).rows]
  const relations = await db.query<{ schema: string; name: string; kind: string }>(sql`
    select n.nspname as schema, c.relname as name, c.relkind::text as kind, c.relacl::text as acl,
           pg_get_userbyid(c.relowner) as owner, obj_description(c.oid, 'pg_class') as comment,
           c.reloptions::text as options, c.relispartition as partition, c.relpersistence::text as persistence
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where ${mine} and ${ours} and c.relkind <> 'i' order by 1, 2`)
  const rows: Record<string, unknown> = {}
  for (const { schema, name, kind } of relations.rows) {
    if (!['r', 'p'].includes(kind)) continue
    const { rows: found } = await db.query<{ digest: string }>(sql`
      select count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' order by t::text)), '') as digest
      from (select * from ${raw(`"${schema}"."${name}"`)}) t`)
    rows[`${schema}.${name}`] = found[0]?.digest
  }
  return {
    relations: relations.rows,
    rows,
    columns: await of(sql`
      select n.nspname, c.relname, row_number() over (partition by c.oid order by a.attnum)::int as place,
             a.attname, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull, a.attidentity::text,
             a.attgenerated::text, pg_get_expr(d.adbin, d.adrelid) as default, a.attacl::text, a.attstorage::text,
             a.attislocal, a.attinhcount::int, a.attstattarget::int, col_description(c.oid, a.attnum) as comment
      from pg_attribute a
      join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
      left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
      where ${mine} and ${ours} and a.attnum > 0 and not a.attisdropped and c.relkind <> 'i' order by 1, 2, 3`),
    constraints: await of(sql`
      select n.nspname, c.relname, k.conname, k.contype::text, pg_get_constraintdef(k.oid) as def, k.convalidated,
             k.conislocal, k.coninhcount::int, k.conparentid::text, k.condeferrable,
             obj_description(k.oid, 'pg_constraint') as comment
      from pg_constraint k
      join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
      where ${mine} order by 1, 2, 3`),
    indexes: await of(sql`
      select n.nspname, c.relname, pg_get_indexdef(i.indexrelid) as def, i.indisvalid, i.indisready,
             i.indisprimary, i.indisreplident, i.indisclustered, x.relispartition
      from pg_index i
      join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
      join pg_class x on x.oid = i.indexrelid
      where ${mine} order by 1, 2, 3`),
    triggers: await of(sql`
      select n.nspname, c.relname, pg_get_triggerdef(t.oid) as def, t.tgenabled::text
      from pg_trigger t
      join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
      where ${mine} and not t.tgisinternal order by 1, 2, 3`),
    sequences: await of(sql`
      select s.seqrelid::regclass::text as name, format_type(s.seqtypid, null) as type, s.seqstart::text,
             s.seqincrement::text, s.seqmin::text, s.seqmax::text, s.seqcache::text, s.seqcycle,
             pg_sequence_last_value(s.seqrelid)::text as last, d.deptype::text, d.refobjid::regclass::text as owner,
             d.refobjsubid::int
      from pg_sequence s left join pg_depend d on d.objid = s.seqrelid and d.deptype in ('a', 'i')
      order by 1`),
    views: await of(sql`
      select n.nspname, c.relname, pg_get_viewdef(c.oid) as def
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where ${mine} and c.relkind in ('v', 'm') order by 1, 2`),
  }
}
