/**
 * Default privileges hold also for what a restore creates, and pg_dump says nothing of rights that no one had. So they are
 * taken away for the time of the restore, in its own transaction: what roles could do is what they can do again. Only of
 * tables, sequences and schemas, on which PostgreSQL itself gives nothing to PUBLIC.
 */
export const suspendDefaultPrivileges = `
select set_config('revector.default_privileges', coalesce(json_agg(given)::text, '[]'), true) as suspended
from (
  select n.nspname as schema, case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' else 'schemas' end as kind,
         case when g.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(g.grantee)) end as role,
         g.privilege_type as privilege, g.is_grantable as grantable
  from pg_default_acl d
  cross join lateral aclexplode(d.defaclacl) g
  left join pg_namespace n on n.oid = d.defaclnamespace
  where pg_get_userbyid(d.defaclrole) = current_user and d.defaclobjtype in ('r', 'S', 'n') and g.grantee <> d.defaclrole
) given
\\gset
do $suspend$
declare given record;
begin
  for given in select * from json_to_recordset(current_setting('revector.default_privileges')::json)
    as g (schema text, kind text, role text, privilege text, grantable boolean)
  loop
    execute format('alter default privileges %s revoke %s on %s from %s',
      coalesce('in schema ' || quote_ident(given.schema), ''), given.privilege, given.kind, given.role);
  end loop;
end $suspend$;
`

export const resumeDefaultPrivileges = `
do $resume$
declare given record;
begin
  for given in select * from json_to_recordset(current_setting('revector.default_privileges')::json)
    as g (schema text, kind text, role text, privilege text, grantable boolean)
  loop
    execute format('alter default privileges %s grant %s on %s to %s %s',
      coalesce('in schema ' || quote_ident(given.schema), ''), given.privilege, given.kind, given.role,
      case when given.grantable then 'with grant option' else '' end);
  end loop;
end $resume$;
`
