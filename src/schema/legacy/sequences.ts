import type { Queryable } from '../../postgres/database.ts'
import { ident, raw, type Sql, sql } from '../../postgres/sql.ts'
import { literal, shortName } from '../catalog.ts'
import { grantsOf } from '../grants.ts'
import { revokesOf } from '../keep-private.ts'
import { type TableName, tableOf } from '../layout.ts'
import type { IdentityFacts, OwnedSequence } from './record.ts'
import type { TableFacts } from './table-facts.ts'

/** Identity columns of a table, with everything needed to recreate them. */
export async function identitiesOf(db: Queryable, table: TableFacts): Promise<IdentityFacts[]> {
  const { rows } = await db.query<IdentityFacts>(sql`
    select a.attname::text as column,
           case a.attidentity when 'a' then 'always' else 'by default' end as kind,
           json_build_object('schema', n.nspname, 'name', c.relname) as sequence,
           format_type(s.seqtypid, null) as type, s.seqstart::text as start,
           s.seqincrement::text as increment, s.seqmin::text as minimum, s.seqmax::text as maximum,
           s.seqcache::text as cache, s.seqcycle as cycle
    from pg_attribute a
    join pg_depend d on d.refobjid = a.attrelid and d.refobjsubid = a.attnum
      and d.refclassid = 'pg_class'::regclass and d.classid = 'pg_class'::regclass and d.deptype = 'i'
    join pg_sequence s on s.seqrelid = d.objid
    join pg_class c on c.oid = s.seqrelid
    join pg_namespace n on n.oid = c.relnamespace
    where a.attrelid = ${tableOf(table.name).text}::regclass and a.attidentity <> ''`)
  return [...rows]
}

/** Sequences that would be dropped with the table: those of serial columns. */
export async function ownedSequences(db: Queryable, table: TableFacts): Promise<OwnedSequence[]> {
  const { rows } = await db.query<OwnedSequence>(sql`
    select a.attname::text as column, json_build_object('schema', n.nspname, 'name', c.relname) as sequence
    from pg_depend d
    join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
    join pg_class c on c.oid = d.objid and c.relkind = 'S'
    join pg_namespace n on n.oid = c.relnamespace
    where d.refobjid = ${tableOf(table.name).text}::regclass
      and d.refclassid = 'pg_class'::regclass and d.classid = 'pg_class'::regclass and d.deptype = 'a'`)
  return [...rows]
}

/**
 * A partition may not have an identity column (PostgreSQL 17 refuses it), so a sequence with the same name,
 * state and grants replaces it. Reads the catalog first; the returned statements read only the sequence.
 */
export async function identityToSequence(
  db: Queryable,
  table: TableName,
  facts: IdentityFacts,
): Promise<Sql[]> {
  const { sequence } = facts
  const stand = standIn(facts)
  const column = ident(facts.column)
  return [
    sql`create sequence ${tableOf(stand)} as ${raw(facts.type)} ${optionsOf(facts)}`,
    ...(await revokesOf(db, stand, 'sequence')),
    copyState(sequence, stand),
    sql`alter table ${tableOf(table)} alter column ${column} drop identity`,
    sql`alter sequence ${tableOf(stand)} rename to ${ident(sequence.name)}`,
    sql`alter table ${tableOf(table)} alter column ${column} set default ${nextOf(sequence)}`,
    ...(await grantsOf(db, sequence, sequence, { kind: 'sequence' })),
  ]
}

/** The reverse of `identityToSequence`. */
export async function sequenceToIdentity(
  db: Queryable,
  table: TableName,
  facts: IdentityFacts,
): Promise<Sql[]> {
  const { sequence } = facts
  const stand = standIn(facts)
  return [
    sql`alter sequence ${tableOf(sequence)} rename to ${ident(stand.name)}`,
    sql`
      alter table ${tableOf(table)}
        alter column ${ident(facts.column)} drop default,
        alter column ${ident(facts.column)} add generated ${raw(facts.kind)} as identity
          (sequence name ${tableOf(sequence)} ${optionsOf(facts)})`,
    ...(await revokesOf(db, sequence, 'sequence')),
    copyState(stand, sequence),
    sql`drop sequence ${tableOf(stand)}`,
    ...(await grantsOf(db, sequence, sequence, { kind: 'sequence' })),
  ]
}

/** `nextval('…'::regclass)` */
export function nextOf(sequence: TableName): Sql {
  return sql`nextval(${literal(tableOf(sequence).text)}::regclass)`
}

function copyState(from: TableName, to: TableName): Sql {
  return sql`
    select setval(${literal(tableOf(to).text)}::regclass, s.last_value, s.is_called) from ${tableOf(from)} s`
}

function standIn({ sequence }: IdentityFacts): TableName {
  return { schema: sequence.schema, name: shortName(`revector_${sequence.name}`) }
}

function optionsOf(facts: IdentityFacts): Sql {
  return raw(
    `start with ${facts.start} increment by ${facts.increment} minvalue ${facts.minimum} maxvalue ${facts.maximum} cache ${facts.cache} ${facts.cycle ? 'cycle' : 'no cycle'}`,
  )
}
