import type { Queryable } from '../../postgres/database.ts'
import { sql } from '../../postgres/sql.ts'
import type { Place } from '../layout.ts'

/**
 * Functions of the database that name the application's table, such as `match_documents`, as they would be for another table
 * and width. They are shown, not created: only their owner knows what calls them.
 */
export async function functionsFor(db: Queryable, from: Place, to: Place): Promise<readonly string[]> {
  const { rows } = await db.query<{ name: string; definition: string }>(sql`
    select p.proname as name, pg_get_functiondef(p.oid) as definition
    from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace
    where p.prokind = 'f' and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', current_schema())
      and p.prorettype <> 'trigger'::regtype
      and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
      and pg_get_functiondef(p.oid) ~ ('\\m' || regexp_replace(${from.table.name}, '([^A-Za-z0-9_])', '\\\\\\1', 'g') || '\\M')
      and pg_get_functiondef(p.oid) ~* '\\m(vector|halfvec)\\M|<=>|<->|<#>'
    order by n.nspname, p.proname`)
  return rows.map(({ name, definition }) => rewritten(name, definition, from, to))
}

function rewritten(name: string, definition: string, from: Place, to: Place): string {
  const [before, after] = [from.vectors.dimension, to.vectors.dimension]
  const word = (text: string): RegExp =>
    new RegExp(`(?<![\\w])${text.replace(/[^\w]/g, '\\$&')}(?![\\w])`, 'g')
  const kept = '\u0000'
  return definition
    .replace(word(name), kept)
    .replace(/\b(vector|halfvec|bit)\s*\(\s*(\d+)\s*\)/gi, (all, type: string, width: string) =>
      Number(width) === before ? `${type}(${after})` : all,
    )
    .replace(word(from.table.name), to.table.name)
    .replaceAll(kept, `${name}_${after}`)
    .trim()
}
