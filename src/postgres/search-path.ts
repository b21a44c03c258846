import type { ClientBase } from 'pg'

/** What every installation of Revector has, and the tables that one may adopt. */
const installation = `'chunk_embeddings', 'embedding_models', 'revector_revisions'`

/**
 * The schemas that the search path finds, without those behind the first that hold an installation: its tables would be
 * taken for ours where ours are missing.
 */
const narrowed = `
select count(*) filter (where place > 1) > 0 as several,
       bool_or(theirs) as mixed,
       string_agg(quote_ident(name), ', ' order by place) filter (where not theirs) as path
from (
  select s.name, s.place, s.place > 1 and exists (
    select from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = s.name and c.relname in (${installation})) as theirs
  from unnest(current_schemas(false)) with ordinality s (name, place)
) as schemas`

/** For each new session: nothing is set unless another installation is on the path. */
const narrowSession = `select set_config('search_path', path, false) from (${narrowed}) as found where mixed`

export interface SearchPath {
  /** A statement that every session runs; null: one schema only, so there is nothing to mix up. */
  readonly session: string | null
  /** For a transaction of its own; null: the path is right as it is. */
  readonly local: string | null
}

/** @param settings of the connection string, local to a transaction */
export async function searchPathOf(client: ClientBase, settings: string | null): Promise<SearchPath> {
  await client.query(settings === null ? 'begin' : `begin; ${settings}`)
  const { rows } = await client.query<{ several: boolean; mixed: boolean; path: string | null }>(narrowed)
  await client.query('rollback')
  const found = rows[0]
  return {
    session: found?.several === true ? narrowSession : null,
    local: found?.mixed === true ? `set local search_path = ${found.path}` : null,
  }
}
