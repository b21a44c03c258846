import type { TableFacts } from '../../wire/database.ts'
import { stableText } from './table-facts.ts'

/**
 * SQL that fails unless every table has the rows and the checksum that the backup recorded. It builds the same
 * queries that `tableFacts` sends, but on the server, so that it can run inside psql's transaction.
 */
export function verification(tables: readonly TableFacts[]): string {
  return `${stableText.text};
do $verify$
declare
  expected record;
  columns text;
  found record;
begin
  for expected in
    select * from jsonb_to_recordset(${literal(JSON.stringify(tables))}::jsonb) as t(name text, rows bigint, checksum text)
  loop
    select string_agg(case when t.typname in ('vector', 'halfvec', 'sparsevec')
                        then format('md5(%I.%I(%I))', tn.nspname, t.typname || '_send', a.attname)
                        else format('%I::text', a.attname) end, ', ' order by a.attname)
             filter (where a.attname is not null),
           format('%I.%I', n.nspname, c.relname) as place
      into found
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      left join pg_type t on t.oid = a.atttypid
      left join pg_namespace tn on tn.oid = t.typnamespace
      where n.nspname || '.' || c.relname = expected.name and c.relkind = 'r'
      group by n.nspname, c.relname;
    if found.place is null then
      raise exception 'table % is missing', expected.name;
    end if;
    columns := coalesce(found.string_agg, '');
    execute format('select count(*) as rows, coalesce(sum(hashtextextended(row(%s)::text, 0)), 0)::text as checksum from %s',
                   columns, found.place) into found;
    if found.rows <> expected.rows then
      raise exception 'table % has % rows, not %', expected.name, found.rows, expected.rows;
    elsif found.checksum <> expected.checksum then
      raise exception 'rows of table % have changed', expected.name;
    end if;
  end loop;
end $verify$;
`
}

/** A dollar-quoted constant whose tag is not in the text. */
function literal(text: string): string {
  let tag = '$facts$'
  for (let n = 0; text.includes(tag); n++) tag = `$facts${n}$`
  return `${tag}${text}${tag}`
}
