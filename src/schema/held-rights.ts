import { RevectorError } from '../core/errors.ts'
import type { Queryable } from '../postgres/database.ts'
import { ident, sql } from '../postgres/sql.ts'
import { keysTable } from './attach/keys.ts'
import { visibleViews } from './attach/views.ts'
import type { TableName } from './layout.ts'

/** What a role may do with a table. */
export interface TableRights extends TableName {
  /** One of Revector's own, or one that is being adopted; not an application's table of documents or chunks. */
  readonly ours: boolean
  /** Of an application's table: written there, by the application, and through the view only where a trigger stores vectors. */
  readonly view: boolean
  /** Read by searches as a role only, in the place of the views that read with the rights of their owner. */
  readonly read: boolean
  readonly owner: string
  readonly ownerIsSuperuser: boolean
  readonly owned: boolean
  readonly select: boolean
  readonly write: boolean
  /** May lock rows, for which PostgreSQL asks for UPDATE of any column. */
  readonly lock: boolean
}

/** What a role may do with everything that Revector uses in this database. */
export interface Held {
  readonly role: string
  /** Of the tables and of the extension. */
  readonly schemas: readonly {
    readonly name: string
    /** Has, or will have, tables of Revector. */
    readonly ours: boolean
    /** Holds what searches as a role read, and nothing else that is used. */
    readonly read: boolean
    readonly usage: boolean
    readonly create: boolean
  }[]
  readonly tables: readonly TableRights[]
  /** Of columns that are filled by `nextval`; identity columns need no right of their own. */
  readonly sequences: readonly (TableName & { readonly usage: boolean; readonly ours: boolean })[]
}

/** Those that stand beside the documents and the vectors. */
const own = [
  'revector_revisions',
  'revector_layout',
  'embedding_models',
  'model_migrations',
  'migration_workers',
  'migration_batches',
  'migration_events',
  'provider_rates',
  'model_canaries',
  'quarantined_chunks',
  'pending_chunks',
  'chunks_next',
  'revector_api_keys',
  'revector_audit_log',
  'revector_idempotency_keys',
]

const vectorTables = '^chunk_embeddings(_model_[0-9]+)?$'

/**
 * Reads what a role may do; null: the user of the connection. Reads only the catalog, so it needs no rights itself.
 *
 * @param adopting tables of the application that are to be altered
 * @throws RevectorError NOT_FOUND if there is no such role
 */
export async function heldRights(
  db: Queryable,
  role: string | null,
  adopting: readonly TableName[] = [],
): Promise<Held> {
  const { rows: found } = await db.query<{ role: string }>(sql`
    select rolname as role from pg_roles where rolname = coalesce(${role}::text, current_user)`)
  const name = found[0]?.role
  if (name === undefined) {
    throw new RevectorError('NOT_FOUND', `The server has no role "${role}".`, {
      hint: 'Create it first (create role … login), or correct the name.',
      data: { role },
    })
  }
  const schema = await schemaOfTables(db)
  const { corpus, read } = await adoptedTables(db, schema)
  const adopted = [...adopting, ...corpus, ...read]
  const { rows } = await db.query<Omit<Held, 'role'>>(sql`
    with tables as (
      select c.oid, n.oid as schema, n.nspname as schema_name, c.relname as name, c.relowner, 
        (n.nspname, c.relname) in (
          select * from unnest(${read.map((one) => one.schema)}::text[], ${read.map((one) => one.name)}::text[])) as read,
        c.relkind = 'v' and not exists (select from pg_trigger g where g.tgrelid = c.oid and g.tgname = 'revector_store') as view,
        (n.nspname = ${schema} and (c.relname = any(${own}::text[]) or c.relname ~ ${vectorTables}))
          or (n.nspname, c.relname) in (
            select * from unnest(${adopting.map((one) => one.schema)}::text[], ${adopting.map((one) => one.name)}::text[])) as ours
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p', 'v') and (
        (n.nspname = ${schema} and (c.relname = any(${own}::text[]) or c.relname ~ ${vectorTables}))
        or (n.nspname, c.relname) in (
          select * from unnest(${adopted.map((one) => one.schema)}::text[], ${adopted.map((one) => one.name)}::text[])))
    ), schemas as (
      select n.oid, n.nspname as name, true as ours, false as read from pg_namespace n
      where n.nspname = ${schema} or n.oid in (select schema from tables where not read)
      union
      select n.oid, n.nspname, false, true from pg_namespace n
      where n.nspname is distinct from ${schema} and n.oid in (select schema from tables where read)
        and n.oid not in (select schema from tables where not read)
        and n.oid not in (select extnamespace from pg_extension where extname = 'vector')
      union
      select n.oid, n.nspname, false, false from pg_extension e join pg_namespace n on n.oid = e.extnamespace
      where e.extname = 'vector' and n.nspname is distinct from ${schema}
        and n.oid not in (select schema from tables where not read)
    ), sequences as (
      select s.oid, n.nspname as schema, s.relname as name, t.ours
      from pg_class s
      join pg_namespace n on n.oid = s.relnamespace
      join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = s.oid and d.deptype = 'a'
        and d.refclassid = 'pg_class'::regclass
      join tables t on t.oid = d.refobjid
      where s.relkind = 'S' and not t.read
    )
    select
      (select coalesce(json_agg(json_build_object('name', name, 'ours', ours, 'read', read,
          'usage', has_schema_privilege(${name}, oid, 'usage'),
          'create', has_schema_privilege(${name}, oid, 'create')) order by ours desc, name), '[]') from schemas) as schemas,
      (select coalesce(json_agg(json_build_object('schema', schema_name, 'name', name,
          'ours', ours, 'view', view, 'read', read,
          'owner', pg_get_userbyid(relowner),
          'ownerIsSuperuser', (select rolsuper from pg_roles r where r.oid = relowner), 'owned', pg_has_role(${name}, relowner, 'usage'),
          'select', has_table_privilege(${name}, oid, 'select'),
          'write', has_table_privilege(${name}, oid, 'insert') and has_table_privilege(${name}, oid, 'update')
            and has_table_privilege(${name}, oid, 'delete'),
          'lock', has_any_column_privilege(${name}, oid, 'update')) order by schema_name, name), '[]') from tables) as tables,
      (select coalesce(json_agg(json_build_object('schema', schema, 'name', name, 'ours', ours,
          'usage', has_sequence_privilege(${name}, oid, 'usage')) order by schema, name), '[]') from sequences) as sequences`)
  return { role: name, ...(rows[0] ?? { schemas: [], tables: [], sequences: [] }) }
}

/** The schema of Revector's tables: the current one; where the user may use none, the first of the search path. */
async function schemaOfTables(db: Queryable): Promise<string | null> {
  const { rows } = await db.query<{ schema: string }>(sql`
    with path as (
      select case name when '$user' then current_user::text else name end as name, place
      from regexp_matches(current_setting('search_path'), '"((?:[^"]|"")+)"|([^", ]+)', 'g') with ordinality as p (part, place)
      cross join lateral (select coalesce(replace(part[1], '""', '"'), lower(part[2]))) as unquoted (name)
    )
    select n.nspname as schema
    from path p join pg_namespace n on n.nspname = p.name
    order by coalesce(n.nspname = current_schema(), false) desc, p.place
    limit 1`)
  return rows[0]?.schema ?? null
}

interface Adopted {
  /** Where documents and chunks are: in an adopted database anywhere. */
  readonly corpus: readonly TableName[]
  /** What a search as a role reads: an application's table with its texts and keys, through views with the reader's rights. */
  readonly read: readonly TableName[]
}

async function adoptedTables(db: Queryable, schema: string | null): Promise<Adopted> {
  if (schema === null) return { corpus: [], read: [] }
  const unadopted = { corpus: ['documents', 'chunks'].map((name) => ({ schema, name })), read: [] }
  const { rows: looked } = await db.query<{ readable: boolean }>(sql`
    select has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select') as readable
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${schema} and c.relname = 'revector_layout'`)
  // Not set up, or of a fixed dimension: which tables will be used is not yet known.
  if (looked[0] === undefined) return { corpus: [], read: [] }
  if (!looked[0].readable) return unadopted
  const { rows } = await db.query<{
    documents: TableName
    chunks: TableName
    texts: TableName | null
  }>(sql`
    select layout->'documents'->'table' as documents, layout->'chunks'->'table' as chunks,
      layout->'place'->'table' as texts
    from ${ident(schema, 'revector_layout')}`)
  const [row] = rows
  if (row === undefined) return unadopted
  const { documents, chunks, texts } = row
  if (texts === null) return { corpus: [documents, chunks], read: [] }
  const beside = [keysTable, ...Object.values(visibleViews)].map((name) => ({ schema, name }))
  return { corpus: [documents, chunks], read: [texts, ...beside] }
}
