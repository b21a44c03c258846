import { RevectorError } from '../core/errors.ts'
import type { Database, Queryable } from '../postgres/database.ts'
import { ident, join, raw, type Sql, sql } from '../postgres/sql.ts'
import { type Held, heldRights, type TableRights } from './held-rights.ts'
import { type TableName, tableOf } from './layout.ts'

/**
 * What a role is for. Each includes the one before it.
 * - `search-as`: is searched as (`as`), so that its row level security holds; the connection has another user
 * - `read-only`: searches, answers, lists
 * - `service`: also writes documents, moves migrations, makes keys
 * - `owner`: also creates and drops tables and indexes
 */
export const works = ['search-as', 'read-only', 'service', 'owner'] as const
export type Work = (typeof works)[number]

/** Of an application's texts. */
const chunkViews = new Set(['chunks', 'chunks_next'])

/** A statement that gives a role something, and whether the role has it already. */
export interface Grant {
  readonly statement: string
  readonly held: boolean
}

/** What a search as a role reads of Revector's own, beside the vectors: no rows of these are shown. */
const forSearchAs = new Set(['embedding_models', 'pending_chunks'])

/** What a service needs beside the data: a search of the library or the command line reads none of it. */
const onlyForService = new Set(['revector_api_keys', 'revector_audit_log', 'revector_idempotency_keys'])

/**
 * Checks, before anything is changed, that the user of the connection may do this work. What it may do is remembered: a
 * grant that is taken away later shows as the error of a statement.
 *
 * @throws RevectorError DATABASE_PERMISSION_DENIED with the missing grants in `data.grants`
 */
export async function requireRights(db: Database, work: Work): Promise<void> {
  // The embedded engine has one user, who may do everything.
  if (!db.concurrent) return
  const known = proven.get(db) ?? new Set<Work>()
  proven.set(db, known)
  if (known.has(work)) return
  const held = await heldRights(db, null)
  const tables = work === 'owner' ? held.tables : held.tables.filter(({ name }) => !onlyForService.has(name))
  const missing = grantsOfWork({ ...held, tables }, work).filter((grant) => !grant.held)
  if (missing.length > 0) throw denied(held.role, work, missing)
  known.add(work)
}

/**
 * The same, for tables of an application that are about to be adopted: those that were found or named, whatever they are
 * called. Adopting alters them, so their owner must do it.
 *
 * @throws RevectorError DATABASE_PERMISSION_DENIED with the missing grants in `data.grants`
 */
export async function requireOwnership(db: Queryable, tables: readonly TableName[]): Promise<void> {
  const held = await heldRights(db, null, tables)
  // What replaces a table gets its owner, who must be allowed to have tables there.
  const { rows: owners } = await db.query<{ schema: string; owner: string }>(sql`
    select distinct n.nspname as schema, pg_get_userbyid(c.relowner)::text as owner
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where (n.nspname, c.relname) in (
        select * from unnest(${tables.map((one) => one.schema)}::text[], ${tables.map((one) => one.name)}::text[]))
      and pg_get_userbyid(c.relowner) <> current_user and not has_schema_privilege(c.relowner, n.oid, 'create')`)
  const missing = [
    ...grantsOfWork(held, 'owner').filter((grant) => !grant.held),
    ...owners.map(({ schema, owner }) => ({
      statement: sql`grant create on schema ${ident(schema)} to ${ident(owner)}`.text,
      held: false,
    })),
  ]
  if (missing.length > 0) throw denied(held.role, 'owner', missing)
}

const proven = new WeakMap<Database, Set<Work>>()

/** Whether the user may create and drop the indexes of a model's table. */
export async function mayBuildIndexes(db: Queryable, table: string): Promise<boolean> {
  const { rows } = await db.query<{ owns: boolean }>(sql`
    select pg_has_role(c.relowner, 'usage') as owns from pg_class c where c.oid = to_regclass(${table})`)
  return rows[0]?.owns === true
}

/**
 * All grants that a role needs for each work.
 *
 * @throws RevectorError NOT_FOUND if there is no such role
 */
export async function grantsForRole(
  db: Queryable,
  role: string,
): Promise<readonly { readonly work: Work; readonly grants: readonly Grant[] }[]> {
  const held = await heldRights(db, role)
  return works.map((work) => ({ work, grants: grantsOfWork(held, work) }))
}

function grantsOfWork(held: Held, work: Work): readonly Grant[] {
  const { sequences } = held
  const schemas = held.schemas.filter(({ read }) => work === 'search-as' || !read)
  const usages = schemas.map(({ name, usage }) => ({ what: sql`usage on schema ${ident(name)}`, has: usage }))
  const tables = held.tables.filter((table) => isNeeded(table, work))
  // A sequence has the owner of its table.
  const sequencesOf = work === 'owner' ? sequences.filter(({ ours }) => !ours) : sequences
  const reads = onTables(tables, 'select', ({ select }) => select)
  const writes = [
    ...onTables(
      tables.filter(({ view }) => !view),
      'insert, update, delete',
      ({ write }) => write,
    ),
    // A fill holds the chunks that it stores vectors of. Of this column of the view nothing can be updated.
    ...tables
      .filter(({ view, name }) => view && chunkViews.has(name))
      .map((one) => ({ what: sql`update (position) on table ${tableOf(one)}`, has: one.lock })),
    ...sequencesOf.map((one) => ({ what: sql`usage on sequence ${tableOf(one)}`, has: one.usage })),
  ]
  const granted = (rights: readonly Right[]): readonly Grant[] =>
    rights.map(({ what, has }) => ({ statement: sql`grant ${what} to ${ident(held.role)}`.text, held: has }))
  return [
    ...granted(usages),
    ...(work === 'owner' ? [...granted(ownershipsOf(held)), ...handedOver(held)] : []),
    ...granted([...reads, ...(work === 'service' || work === 'owner' ? writes : [])]),
  ]
}

function isNeeded({ name, ours, view, read }: TableRights, work: Work): boolean {
  if (work === 'search-as') {
    return read || (!ours && !view) || forSearchAs.has(name) || name.startsWith('chunk_embeddings')
  }
  // An owner may do everything with its own tables.
  return !read && (work !== 'owner' || !ours)
}

interface Right {
  readonly what: Sql
  readonly has: boolean
}

function ownershipsOf({ schemas, tables }: Held): readonly Right[] {
  const granted = tables.filter(({ ours, owned, ownerIsSuperuser }) => ours && (owned || !ownerIsSuperuser))
  const owners = new Map(granted.map(({ owner, owned }) => [owner, owned]))
  return [
    ...schemas
      .filter(({ ours }) => ours)
      .map(({ name, create }) => ({ what: sql`create on schema ${ident(name)}`, has: create })),
    ...[...owners].map(([owner, has]) => ({ what: ident(owner), has })),
  ]
}

/** Membership in a superuser would give away the whole server: its tables get another owner instead. */
function handedOver({ role, tables }: Held): readonly Grant[] {
  return tables
    .filter(({ ours, owned, ownerIsSuperuser }) => ours && !owned && ownerIsSuperuser)
    .map((table) => ({
      statement: sql`alter table ${tableOf(table)} owner to ${ident(role)}`.text,
      held: false,
    }))
}

/** One statement for the tables that the role has it on, one for the others. */
function onTables(
  tables: readonly TableRights[],
  privileges: string,
  has: (table: TableRights) => boolean,
): readonly Right[] {
  return [true, false].flatMap((held) => {
    const some = tables.filter((table) => has(table) === held)
    if (some.length === 0) return []
    return [{ what: sql`${raw(privileges)} on table ${join(some.map(tableOf))}`, has: held }]
  })
}

const meanings: Readonly<Record<Work, string>> = {
  'search-as': 'read documents, chunks and vectors',
  'read-only': 'read the tables of Revector',
  service: 'write to the tables of Revector',
  owner: 'create and drop tables and indexes of Revector',
}

function denied(role: string, work: Work, missing: readonly Grant[]): RevectorError {
  const grants = missing.map(({ statement }) => statement)
  return new RevectorError(
    'DATABASE_PERMISSION_DENIED',
    `The user "${role}" may not ${meanings[work]}, which this needs. Nothing was changed.`,
    {
      hint: `Have the owner of the tables or a superuser run: ${grants.join('; ')}. Or connect as a user who may.`,
      data: { role, work, grants },
    },
  )
}
