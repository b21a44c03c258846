import pg from 'pg'
import { ident } from '../sql.ts'
import { dropEverything } from './drop-everything.ts'

/** Holds the schema's name for the statements of the transaction. */
const setting = 'revector.schema'
/** Holds triggers of other schemas. */
const triggers = 'revector.triggers'

/**
 * Makes room for a dump of one schema, which stays with its rights, or is created. With `force` its contents are dropped; that
 * fails where something outside of the schema depends on them.
 */
export function makeRoom(schema: string, force: boolean): string {
  const drop = force ? refuseDependents + keepTriggers + dropEverything(setting) : ''
  return `set local ${setting} = ${pg.escapeLiteral(schema)};\n${drop}${createIfMissing}`
}

/** `create schema if not exists` needs the right to create one also where it exists. */
const createIfMissing = `
do $create$
begin
  if to_regnamespace(quote_ident(current_setting('${setting}'))) is null then
    execute format('create schema %I', current_setting('${setting}'));
  end if;
end $create$;
`

/** Foreign keys and views of an application on tables of the schema: `cascade` would drop them without a word. */
const refuseDependents = `
do $refuse$
declare dependent text;
begin
  select what into dependent from (
    select format('the foreign key %I of %s', k.conname, k.conrelid::regclass) as what
    from pg_constraint k
    join pg_class mine on mine.oid = k.confrelid
    join pg_class theirs on theirs.oid = k.conrelid
    where k.contype = 'f' and mine.relnamespace = to_regnamespace(quote_ident(current_setting('${setting}')))
      and theirs.relnamespace <> mine.relnamespace
    union all
    select format('the view %s', v.oid::regclass)
    from pg_depend d
    join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
    join pg_class v on v.oid = r.ev_class
    join pg_class mine on d.refclassid = 'pg_class'::regclass and mine.oid = d.refobjid
    where mine.relnamespace = to_regnamespace(quote_ident(current_setting('${setting}')))
      and v.relnamespace <> mine.relnamespace
  ) dependents limit 1;
  if dependent is not null then
    raise exception '% depends on the schema that would be replaced', dependent;
  end if;
end $refuse$;
`

/**
 * Triggers of an application's tables that call functions of the schema go with the functions, and no dump of the schema has
 * them: they are noted, and made again when it is loaded.
 */
const keepTriggers = `
set local search_path = '';
select set_config('${triggers}', coalesce(json_agg(json_build_object(
  'function', format('%I.%I()', n.nspname, p.proname), 'definition', pg_get_triggerdef(t.oid)))::text, '[]'), true) as kept
from pg_trigger t
join pg_class c on c.oid = t.tgrelid
join pg_proc p on p.oid = t.tgfoid
join pg_namespace n on n.oid = p.pronamespace
where n.nspname = current_setting('${setting}') and c.relnamespace <> n.oid and not t.tgisinternal
\\gset
`

/** For the end of the script. A backup of an earlier revision has no such functions. */
export const triggersAgain = `
do $triggers$
declare kept record;
begin
  for kept in select * from json_to_recordset(coalesce(nullif(current_setting('${triggers}', true), ''), '[]')::json)
    as k (function text, definition text)
  loop
    if to_regprocedure(kept.function) is not null then
      execute kept.definition;
    end if;
  end loop;
end $triggers$;
`

/** It comes before all rows, and behind no more than the manifest. */
const longestHead = 64 << 20

/** The dump without the statement that creates its schema: that is there already. */
export async function* withoutCreating(schema: string, dump: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let head = Buffer.alloc(0)
  let looking = true
  for await (const piece of dump) {
    if (!looking) {
      yield piece
      continue
    }
    head = Buffer.concat([head, piece])
    const found = find(head, schema)
    looking = found === null && head.length <= longestHead
    if (looking) continue
    yield found === null ? head : Buffer.concat([head.subarray(0, found.begin), head.subarray(found.end)])
  }
  if (looking) yield head
}

function find(head: Buffer, schema: string): { readonly begin: number; readonly end: number } | null {
  // pg_dump quotes a name where it has to be quoted.
  for (const name of [schema, ident(schema).text]) {
    const line = Buffer.from(`\nCREATE SCHEMA ${name};\n`)
    const begin = head.indexOf(line)
    if (begin >= 0) return { begin, end: begin + line.length - 1 }
  }
  return null
}
