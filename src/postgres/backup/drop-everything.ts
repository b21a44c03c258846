/**
 * Drops what users made and keeps what extensions brought: the oids of the vector types must not change.
 *
 * @param of the setting that holds the name of the only schema to empty; null: schemas are dropped, too
 */
export function dropEverything(of: string | null = null): string {
  const within = of === null ? '' : `and n.nspname = current_setting('${of}')`
  const schemasToo = of === null ? '' : 'and false'
  return `
do $drop$
declare command text;
begin
  for command in
    select format('drop schema %I cascade', n.nspname)
    from pg_namespace n
    where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'public') ${schemasToo}
      and not exists (select from pg_extension e where e.extnamespace = n.oid)
      and not exists (select from pg_depend d
                      where d.classid = 'pg_namespace'::regclass and d.objid = n.oid and d.deptype = 'e')
  loop execute command; end loop;
  for command in
    select format('drop %s if exists %I.%I cascade',
                  case c.relkind when 'v' then 'view' when 'm' then 'materialized view'
                    when 'S' then 'sequence' when 'f' then 'foreign table' else 'table' end,
                  n.nspname, c.relname)
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
      and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' ${within}
      and not exists (select from pg_depend d
                      where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
    order by array_position('{p,r,f,m,v,S}'::"char"[], c.relkind), n.nspname, c.relname
  loop execute command; end loop;
  for command in
    select format('drop routine if exists %I.%I(%s) cascade', n.nspname, p.proname,
                  pg_get_function_identity_arguments(p.oid))
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' ${within}
      and not exists (select from pg_depend d
                      where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
  loop execute command; end loop;
  for command in
    select format('drop type if exists %I.%I cascade', n.nspname, t.typname)
    from pg_type t join pg_namespace n on n.oid = t.typnamespace
    where t.typtype in ('e', 'd', 'r', 'c') and t.typelem = 0
      and (t.typrelid = 0 or (select c.relkind from pg_class c where c.oid = t.typrelid) = 'c')
      and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' ${within}
      and not exists (select from pg_depend d
                      where d.classid = 'pg_type'::regclass and d.objid = t.oid and d.deptype = 'e')
  loop execute command; end loop;
end $drop$;
`
}
